"""Plans answers for what was planned, who signed it, how treatment goes, and how it ends.

It owns treatment plans with their signatures, certifications and reviews, the clinical level of
care, and an episode's completion, discharge and aftercare; what was said in words is sealed. From
what intake and attendance publish, and from its own facts, it derives progress week by week, and
recommends a level under a rule table that two people agreed on. Clinicians decide. A plan is in
force from its later signature on, never before.
"""
