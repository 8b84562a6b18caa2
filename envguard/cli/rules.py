"""`envguard rules list`."""

from __future__ import annotations

import json

from envguard.cli.declare import Globals, Options, text
from envguard.cli.options import FORMATS


class RulesOptions(Options):
    """`envguard rules list`."""

    format: str = text("--format", "-f", choices=FORMATS, default="text", help="How to list.")


def list_rules(_given: Globals, options: RulesOptions) -> int:
    """Lists the built-in rules, one a line."""
    from envguard.jobs.rules import rules

    found = rules()
    if options.format == "json":
        rows = [
            {
                "id": rule.id,
                "title": rule.title,
                "severity": rule.severity.name.lower(),
                "source": rule.source,
                "revoke": rule.revoke,
            }
            for rule in found
        ]
        print(json.dumps({"schema": 1, "rules": rows}, indent=2))
        return 0
    width = max(len(rule.id) for rule in found)
    for rule in found:
        print(f"{rule.id:<{width}}  {rule.severity.name.lower():<8}  {rule.title}")
    return 0
