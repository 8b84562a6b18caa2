"""The providers that can be asked, as data: where, about which rules' tokens, and what their
answers mean by their own documentation. What a document leaves open is `unknown`.

Every question is one that reads only, and that any token of the kind may ask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from envguard.verification import replies
from envguard.verification.asked import Answer, Request, Response, Token
from envguard.verification.questions import about_aws, bearer, by_prefix, header


class Provider(NamedTuple):
    """`host` is all that is ever connected to; `rules` are the built-in rules whose tokens are
    its own; `source` documents the question and the answers."""

    host: str
    rules: tuple[str, ...]
    ask: Callable[[Token], Request]
    read: Callable[[Response], Answer]
    source: str


PROVIDERS: Mapping[str, Provider] = {
    "github": Provider(
        host="api.github.com",
        rules=("github-token", "github-fine-grained-token"),
        ask=by_prefix(
            {
                # The tokens of an installation are nobody's: they see their repositories.
                "ghs_": bearer("/installation/repositories?per_page=1"),
                "ghp_": bearer("/user"),
                "gho_": bearer("/user"),
                "ghu_": bearer("/user"),
                "github_pat_": bearer("/user"),
            }
        ),
        read=replies.github,
        source="https://docs.github.com/en/rest/users/users#get-the-authenticated-user",
    ),
    "gitlab": Provider(
        host="gitlab.com",
        rules=("gitlab-token", "gitlab-routable-token"),
        ask=by_prefix({"glpat-": header("PRIVATE-TOKEN", "/api/v4/personal_access_tokens/self")}),
        read=replies.gitlab,
        source="https://docs.gitlab.com/api/personal_access_tokens/",
    ),
    "slack": Provider(
        host="slack.com",
        rules=("slack-token", "slack-app-token", "slack-configuration-token"),
        ask=by_prefix(
            dict.fromkeys(("xoxb-", "xoxp-", "xoxe.xox", "xapp-"), bearer("/api/auth.test", "POST"))
        ),
        read=replies.slack,
        source="https://docs.slack.dev/reference/methods/auth.test",
    ),
    "stripe": Provider(
        host="api.stripe.com",
        rules=("stripe-live-key", "stripe-test-key"),
        ask=bearer("/v1/account"),
        read=replies.stripe,
        source="https://docs.stripe.com/api/errors",
    ),
    "aws": Provider(
        host="sts.amazonaws.com",
        rules=("aws-access-key-id", "aws-secret-access-key"),
        ask=about_aws,
        read=replies.aws,
        source="https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html",
    ),
    "openai": Provider(
        host="api.openai.com",
        rules=("openai-key",),
        ask=by_prefix(
            {
                "sk-admin-": bearer("/v1/organization/projects?limit=1"),
                "sk-": bearer("/v1/models"),
            }
        ),
        read=replies.openai,
        source="https://platform.openai.com/docs/guides/error-codes",
    ),
    "anthropic": Provider(
        host="api.anthropic.com",
        rules=("anthropic-key",),
        ask=by_prefix(
            {
                "sk-ant-admin": header("x-api-key", "/v1/organizations/me", replies.ANTHROPIC),
                "sk-ant-api": header("x-api-key", "/v1/models?limit=1", replies.ANTHROPIC),
            }
        ),
        read=replies.anthropic,
        source="https://docs.claude.com/en/api/errors",
    ),
    "npm": Provider(
        host="registry.npmjs.org",
        rules=("npm-token",),
        ask=bearer("/-/whoami"),
        read=replies.npm,
        source="https://docs.npmjs.com/cli/commands/npm-whoami",
    ),
    "sendgrid": Provider(
        host="api.sendgrid.com",
        rules=("sendgrid-key",),
        ask=bearer("/v3/scopes"),
        read=replies.sendgrid,
        source="https://www.twilio.com/docs/sendgrid/api-reference/api-key-permissions/"
        "retrieve-a-list-of-scopes-for-which-this-user-has-access",
    ),
}
"""By name, which rules of the user's own may use (`verify = "github"`)."""


def by_rule() -> dict[str, Provider]:
    """The provider of each built-in rule that has one, by the rule's id."""
    return {rule: provider for provider in PROVIDERS.values() for rule in provider.rules}
