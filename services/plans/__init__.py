"""Plans answers for what was planned, who signed it, and how what was delivered compares.

It owns treatment plans and their signatures; the goals in the client's words are sealed. Progress,
week by week, is derived from what intake and attendance publish and from its own plans. A plan is
in force from its later signature on, never before.
"""
