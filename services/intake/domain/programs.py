"""The sites and programs of the network, as attendance opened them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from kernel.refusal import Unknown
from services.intake.domain.episode import Program, ProgramDiffers, ProgramKind


@dataclass(frozen=True, slots=True)
class Programs:
    """Site → program id → what it is; a site that is open and has no program has none here."""

    of_site: Mapping[str, Mapping[str, Program]] = field(default_factory=dict)

    def require_site(self, site_id: str) -> None:
        """Refuses (Unknown) a site that nobody opened."""
        if site_id not in self.of_site:
            raise Unknown("site", site_id)

    def at(self, site_id: str, program_id: str) -> Program:
        """Refuses (Unknown) a site, or a program of it, that nobody opened."""
        self.require_site(site_id)
        if program_id not in self.of_site[site_id]:
            raise Unknown("program", program_id)
        return self.of_site[site_id][program_id]

    def find(self, program_id: str) -> Program | None:
        """At whichever site; None: nobody told of it."""
        found = (programs.get(program_id) for programs in self.of_site.values())
        return next((program for program in found if program is not None), None)

    def is_under_part2(self, program_id: str) -> bool:
        """What nobody told of is: absence is no permission."""
        program = self.find(program_id)
        return program is None or program.under_part2

    def outside_part2(self, program_ids: Collection[str]) -> frozenset[str]:
        """Those that 42 CFR Part 2 doesn't govern."""
        return frozenset(
            program_id for program_id in program_ids if not self.is_under_part2(program_id)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedProgram:
    """What a caller says beside a program's id: a kind of None and a false say nothing."""

    kind: ProgramKind | None = None
    under_part2: bool = False

    def require_of(self, program: Program) -> None:
        """Refuses (ProgramDiffers) what isn't so."""
        if self.kind not in (None, program.kind):
            raise ProgramDiffers(program.program_id, f"kind {self.kind}")
        if self.under_part2 and not program.under_part2:
            raise ProgramDiffers(program.program_id, "under_part2")
