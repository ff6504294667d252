"""`swipeline repair-roles`: give the stage's roles the policies of its template again."""

from __future__ import annotations

import typer

from client import output
from client.aws import LOCAL, Stage, explained
from client.commands.options import DRY_RUN, JsonOption, StageOption, YesOption


def repair_roles(stage: StageOption = LOCAL, yes: YesOption = False, as_json: JsonOption = False) -> None:
    """Restore the policies of a stage's roles.

    Needed after a manual change: they come from the stage's template, and a deploy compares templates, not roles.
    Exits with 1 if a dry run found a change.

    Example: swipeline repair-roles --stage dev --yes
    """
    from client.repair.roles import drifts, repair
    from client.verify.deployed import Deployed

    where = Stage(stage)
    with explained(where):
        deployed = Deployed(where)
        found = drifts(deployed)
        if yes:
            repair(deployed, found)
    if as_json:
        rows = [{"role": one.role, "policy": one.policy, "drift": one.kind} for one in found]
        output.as_json({"stage": stage, "repaired": yes, "drifts": rows})
    else:
        for one in found:
            output.people.print(f"{one.role}: policy {one.policy} is {one.kind}", markup=False, highlight=False)
        if not found:
            output.people.print("Every role has the policies of the template.")
        elif yes:
            output.people.print(f"Repaired: {len(found)}.")
        else:
            output.people.print(DRY_RUN)
    if found and not yes:
        raise typer.Exit(1)
