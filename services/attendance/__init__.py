"""Attendance answers for where and when treatment happens, and who was there.

It owns sites and their holidays, programs and their weekly templates, staff credentials, sessions
with their rosters, check-ins, notes and corrections. It computes the service date once, in the
site's time zone; everybody else takes it from the fact. Scheduling refuses what can't be; reality
is recorded, never refused: what should not have been is flagged, and billing holds what can't be
paid so. Of intake's facts it hears who is registered, and who is admitted where.
"""
