"""Credentials of staff, and where sites are, as they were heard from attendance."""

from ninehours.attendance.v1 import attendance_events_pb2 as attendance

from kernel.messaging.public_facts import HeardCredentials

CREDENTIALS = HeardCredentials(
    credentialed=attendance.StaffCredentialed,
    ended=attendance.CredentialEnded,
    opened=attendance.SiteOpened,
)
