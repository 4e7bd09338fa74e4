"""The proofs of isolation and of plans as gates, on what is deployed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gatepost.gates.gate import Site
from gatepost.gates.verdict import Finding, Outcome, Trial, Verdict

if TYPE_CHECKING:
    from gatepost.isolation.result import Proof
    from gatepost.plans.proof import PlanProof

_CASES, _ROWS = 10_000, 100_000


class IsolationGate:
    """`gatepost prove isolation` as a gate."""

    name = "isolation"
    about = "nobody reaches another's rows, and every policy that is made wrong is noticed"
    options: Mapping[str, str] = {"cases": "how many random cases", "seed": "repeats a proof"}
    of_deployed = True

    def judge(self, site: Site) -> Outcome:
        """Prove the isolation of the stack's database."""
        import secrets

        from gatepost.isolation.declared import declaration_of
        from gatepost.isolation.proof import Wanted, prove
        from gatepost.verify.declared import collect

        declaration = declaration_of(collect(site.stack)[0])
        seed = int(site.option("seed", secrets.randbelow(10**6)))
        wanted = Wanted(cases=int(site.option("cases", _CASES)), seed=seed)
        return of_isolation(prove(declaration, wanted, lambda stage, _at, _of: site.tell(stage)))

    def self_test(self, folder: Path) -> Iterator[Trial]:
        """Judge a proof without a fault, one with a disagreement, one with a survivor, and one of nothing."""
        from gatepost.isolation.result import Disagreement, Proof
        from gatepost.isolation.result import Finding as Found

        del folder
        tables = {"public.notes": "notes"}
        wrong = Disagreement("public.notes", "a stranger", "select id from notes", "0 rows", "1 row")
        alive = Found("mutant", "policy notes_select: dropped", "public.notes", "no case fails")
        kept = Found("mutant", "policy notes_select: dropped", "public.notes", "no case fails", "as agreed")
        for case, expected, proof in (
            ("nobody sees another's rows", Verdict.PASS, Proof(tables, [], 1, cases=9, findings=[kept])),
            ("a stranger sees a row", Verdict.FAIL, Proof(tables, [], 1, cases=9, disagreements=[wrong])),
            ("a policy that nothing needs", Verdict.FAIL, Proof(tables, [], 1, cases=9, findings=[alive])),
            ("no table has an intent", Verdict.INCONCLUSIVE, Proof({}, [], 1)),
        ):
            yield Trial(self.name, case, expected, of_isolation(proof))


class PlansGate:
    """`gatepost prove plans` as a gate."""

    name = "plans"
    about = "each query uses its index, grows and lasts as it may, and no index is without use"
    options: Mapping[str, str] = {
        "rows": "rows of the largest tables",
        "at": "also prove the plans for so many",
    }
    of_deployed = True

    def judge(self, site: Site) -> Outcome:
        """Prove the plans of the stack's queries."""
        from gatepost.plans.proof import prove, question_of

        at = site.option("at", None)
        rows = int(site.option("rows", _ROWS))
        question = question_of(site.stack, rows=rows, at=None if at is None else float(at))
        return of_plans(prove(question, site.tell))

    def self_test(self, folder: Path) -> Iterator[Trial]:
        """Judge plans without a fault, one that grows, an index without use, and no query at all."""
        from gatepost.plans.indexes import IndexFinding
        from gatepost.plans.judgement import QueryProof
        from gatepost.plans.proof import PlanProof
        from gatepost.queries import read

        file = folder / "notes_of_user.sql"
        file.write_text("-- The notes of a user\n-- as: service_role\nselect id from public.notes;\n")
        query = read(file)
        sound = QueryProof("notes", query)
        grown = QueryProof("notes", query, findings=["it touches 900 pages and 90: more than log growth"])
        idle = IndexFinding("idx_notes_body", "public.notes", "no query of any feature uses it")
        for case, expected, queries, indexes in (
            ("every query uses its index", Verdict.PASS, [sound], []),
            ("a query that reads all", Verdict.FAIL, [sound, grown], []),
            ("an index without use", Verdict.FAIL, [sound], [idle]),
            ("no query", Verdict.INCONCLUSIVE, [], []),
        ):
            proof = PlanProof(_ROWS, None, queries, indexes)
            yield Trial(self.name, case, expected, of_plans(proof))


def of_isolation(proof: Proof) -> Outcome:
    """Return the verdict on a proof of isolation; of no case there is none."""
    disagreements = tuple(
        Finding("disagreement", f"{one.table} as {one.asker}: {one.statement}: {one.expected}, got {one.got}")
        for one in proof.disagreements
    )
    findings = tuple(
        Finding(one.kind, f"{one.name} on {one.subject}: {one.detail}", accepted=one.accepted)
        for one in proof.findings
    )
    verdict = Verdict.FAIL if not proof.ok else Verdict.PASS if proof.cases else Verdict.INCONCLUSIVE
    wrong = len(disagreements) + len(proof.open)
    figure = f"{wrong} wrong in {proof.cases:,} cases, {proof.killed} of {proof.mutants} mutants killed"
    evidence = (f"seed {proof.seed}", f"{len(proof.equal)} mutants are proved equal to their policies")
    found = (*disagreements, *findings)
    return Outcome(IsolationGate.name, verdict, figure, "none", evidence, found)


def of_plans(proof: PlanProof) -> Outcome:
    """Return the verdict on a proof of plans; of no query there is none."""
    findings = tuple(
        Finding("plan", f"{one.name}: {words}", (f"schema/{one.feature}/queries/{one.query.name}.sql:1",))
        for one in proof.queries
        for words in one.findings
    )
    findings += tuple(Finding("index", f"{one.index} on {one.table}: {one.reason}") for one in proof.indexes)
    verdict = Verdict.FAIL if findings else Verdict.PASS if proof.queries else Verdict.INCONCLUSIVE
    at = f", planned for {proof.at:,.0f}" if proof.at else ""
    figure = f"{len(findings)} findings in {len(proof.queries)} queries at {proof.rows:,} rows{at}"
    return Outcome(PlansGate.name, verdict, figure, "none", findings=findings)
