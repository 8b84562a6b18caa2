"""Whether letters are words, by how often one letter follows another in English and in code."""

from __future__ import annotations

# Rows: the letter before (first: the beginning of a word), columns a to z: the logarithm to base 2
# of how much likelier that letter follows than by chance, in halves, from `a` (-7.5) over `p` (0).
# Counted in the names and texts of Python's standard library and its documentation.
_ROWS = (
    "qprqqqonqikpqporjqsqomojii",  # ^
    "cprqhjogpdlsqrcpdtrtnmllne",  # a
    "smonshjjsphtmlrncqrmseacpi",  # b
    "sbnksigrparqmjukgqnspjhdka",  # c
    "rmlpvmifuihokmrlgpqnpjhika",  # d
    "qkrsnomhkdjppskokttrinlpke",  # e
    "qgmmrsjhuafqlktlhrpoqghdma",  # f
    "pjmkvknqsaeqnrplarrnqlhagi",  # g
    "ugjmvkghsaimnltiapmpogcald",  # h
    "onqppopagchqpvrofprseoalan",  # i
    "semhuhegqeplggtneoplvegeme",  # j
    "qhmovmoisbdrjpnmiktnohqaia",  # k
    "sjloukggtbirilsmchppojgdrh",  # l
    "upinvieesajmojssaipnpdfaka",  # m
    "rirssotipdnmjnqleirtnngdkc",  # n
    "lnqqjnngmemqruoqatqpqnpjfg",  # o
    "tilmtlhmqaksiksqgtorogjaoa",  # p
    "ggfnfjdfljdnfoddjppfydgddd",  # q
    "sjoovlnfsdmmpnrlaorqnkkeoa",  # r
    "oipkullqsglomlpqhlrurikgna",  # s
    "sinlulfrtbfnmkqndrqpoikhoh",  # t
    "pqpnqnncpabsrtmqasrsgfafdd",  # u
    "uhhawkjhtafgnkqlfkjicijidd",  # v
    "tklosmgrtfcnirskjsqliimkac",  # w
    "plsmsokmsagondotaloujjhnni",  # x
    "noonrolkqacpqsoucnssimogml",  # y
    "qfiixieesccmplrfcllmfcccmf",  # z
)
_EVEN = 15

# Words of settings that are spelled as no English word is.
_KNOWN = frozenset(
    """amazonaws apache api app asyncpg aurora backend bcrypt broadcast callback celery cfg checkout
    cloudflare cloudfront cluster collation conf dashboard datadog debug dev django docker
    dropbox dynamodb elasticsearch env europe fastapi flask frontend gateway gcloud github
    gitlab gmail googleapis grafana graphql gunicorn hasura heroku http https jaeger
    javascript jenkins kafka keycloak kubernetes laravel lib localhost log logs logstash loki
    mailchimp mailgun mailhog mailpit mailtrap mapbox maxmind memcached minio mongodb mysql
    nestjs netlify newrelic nginx nodejs notifications oauth openai opensearch outlook
    pgbouncer php postgres postgresql postmark preprod prisma prometheus psycopg pusher
    pymysql python queue rabbitmq railway redis registry rsyslog sandbox sendgrid sendmail
    sentry shopify smtp socketio sqlalchemy sqlite sqlserver squid src srv stderr stdout
    storage stripe subdomain supabase svelte symfony syslog telegram terraform timescale tmp
    tokyo twilio typescript upload usr uvicorn var vercel webhook webhooks webpack websocket
    whatsapp wordpress world www zurich""".split()
)
_SHORT = 5
"""Letters up to which a text says too little to tell."""

_LONGEST = 15
"""Letters of the longest words but few; a longer run is one only where it is known."""

_LONG = 12
_ENOUGH, _ENOUGH_LONG = 0.2, 0.5
_SEVERAL = 8
"""Letters from which on several short texts are looked at as one, too."""


def are_words(texts: list[str]) -> bool:
    """Whether lower-case texts of the letters a to z are words, or too short to be anything else.

    Of random letters one text in 50 of 6 letters passes, one in 1,000 of 12, none from 16 on.
    """
    unknown = [text for text in texts if text not in _KNOWN]
    if not all(map(_is_word, unknown)):
        return False
    letters = sum(map(len, unknown))
    return letters < _SEVERAL or sum(map(_score, unknown)) >= _enough(letters)


def _is_word(text: str) -> bool:
    return len(text) <= _SHORT or (len(text) <= _LONGEST and _score(text) >= _enough(len(text)))


def _enough(letters: int) -> float:
    return letters * (_ENOUGH if letters < _LONG else _ENOUGH_LONG)


def _score(text: str) -> float:
    """How much likelier the letters follow each other in words than by chance, in bits."""
    places = [ord(letter) - ord("a") for letter in text]
    rows = (0, *(place + 1 for place in places))
    halves = sum(
        ord(_ROWS[row][place]) - ord("a") - _EVEN for row, place in zip(rows, places, strict=False)
    )
    return halves / 2
