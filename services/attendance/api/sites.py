"""The RPCs of AttendanceService about sites, their programs and holidays, and staff."""

from kernel.rpc.commands import CommandRpcs, command_rpc, new_id
from services.attendance.api import requests
from services.attendance.app import use_cases
from services.attendance.app.ports import BookAndSchedule


class SiteRpcs(CommandRpcs[BookAndSchedule]):
    """What is opened before anybody is treated."""

    OpenSite = command_rpc(requests.to_open_site, use_cases.on_site, site_id=new_id("site"))
    OpenProgram = command_rpc(
        requests.to_open_program, use_cases.on_site, program_id=new_id("program")
    )
    DeclareHoliday = command_rpc(requests.to_declare_holiday, use_cases.on_site)
    SetGrace = command_rpc(requests.to_set_grace, use_cases.on_site)
    CredentialStaff = command_rpc(
        requests.to_credential_staff, use_cases.on_staff, new_staff_id=new_id("staff")
    )
    EndCredential = command_rpc(requests.to_end_credential, use_cases.on_staff)
