"""The forms that `scan --format` knows, each loaded when it is asked for."""

from __future__ import annotations

from envguard.reports.report import Report

FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit", "csv", "html")


def render(name: str, report: Report) -> str:
    """The report in one of FORMATS, with its line end."""
    match name:
        case "text":
            from envguard.reports import text

            return text.render(
                report.findings, report.coverage, style=report.style, verbose=report.verbose
            )
        case "json":
            from envguard.reports import json

            return json.render(report.findings, report.coverage)
        case "sarif":
            from envguard.reports import sarif

            return sarif.render(report)
        case "github":
            from envguard.reports import github

            return github.render(report)
        case "gitlab":
            from envguard.reports import gitlab

            return gitlab.render(report)
        case "junit":
            from envguard.reports import junit

            return junit.render(report)
        case "csv":
            from envguard.reports import csv

            return csv.render(report)
        case "html":
            from envguard.reports import html

            return html.render(report)
        case _:
            raise ValueError(f"there is no report named {name}")
