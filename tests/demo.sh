#!/bin/sh
# The whole loop on a sample project: a leak is found, moved, documented, injected, and kept out.
# Runs in a temporary folder with a home of its own, and fails where a step does not do its part.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME="$work/home" GIT_CONFIG_NOSYSTEM=1
unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME ENVGUARD_KEY ENVGUARD_PROFILE 2>/dev/null || true
mkdir -p "$HOME" "$work/shop"
cd "$work/shop"
git config --global user.name Ada
git config --global user.email ada@example.com

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }
shows() { # shows CODE COMMAND...: runs it as a person would, and checks its exit code
    wanted=$1
    shift
    echo "\$ $*"
    code=0
    "$@" || code=$?
    if [ "$code" != "$wanted" ]; then
        echo "demo: exit code $code, expected $wanted" >&2
        exit 1
    fi
    echo "(exit $code)"
}

# Values that look like real ones, made here: a GitHub token ends in the CRC-32 of its body.
token() {
    python3 - <<'PYTHON'
import secrets, string, zlib
alphabet = string.digits + string.ascii_uppercase + string.ascii_lowercase
body = "".join(secrets.choice(alphabet) for _ in range(30))
crc, end = zlib.crc32(body.encode()), ""
while crc:
    crc, digit = divmod(crc, 62)
    end = alphabet[digit] + end
print("gh" + "p_" + body + end.rjust(6, "0"))
PYTHON
}
leaked=$(token)
current=$(token)
password=$(python3 -c 'import secrets; print(secrets.token_hex(12))')

step "A project with a token in its history and a .env full of values"
git init --quiet --initial-branch=main
printf 'import os\n\nTOKEN = "%s"\n' "$leaked" > deploy.py
git add . && git commit --quiet -m "deploy script"
printf 'import os\n\nTOKEN = os.environ["GITHUB_TOKEN"]\n' > deploy.py
git add . && git commit --quiet -m "read the token from the environment"
cat > .env <<EOF
# The shop's settings
DEBUG=true
PORT=8080
export GITHUB_TOKEN="$current"   # for deploys
DATABASE_PASSWORD='$password'
EOF
cat > app.py <<'EOF'
import hashlib, os
for key in ("DEBUG", "PORT", "GITHUB_TOKEN", "DATABASE_PASSWORD"):
    print(key, hashlib.sha256(os.environ[key].encode()).hexdigest()[:12])
EOF
echo "$ git log --oneline"; git log --oneline

step "1. Found: the leak in the history, and the values in .env"
shows 1 envguard scan --history
shows 1 envguard scan

step "2. Set up: configuration, .gitignore, hook, trust"
shows 0 envguard init --yes

step "3. Moved: the secrets go into the encrypted store, .env keeps references"
shows 0 envguard migrate .env --to local: --yes
echo "\$ cat .env"; cat .env
if grep -qF -e "$current" -e "$password" .env .env.example envguard.toml; then
    echo "demo: a value is still in a file" >&2
    exit 1
fi

step "4. The work tree is clean"
shows 0 envguard scan

step "5. Documented: .env.example"
echo "\$ cat .env.example"; cat .env.example

step "6. Injected: the program gets the true values"
shows 0 envguard run -- python3 app.py
got=$(envguard run -- python3 -c 'import os; print(os.environ["GITHUB_TOKEN"], os.environ["DATABASE_PASSWORD"])')
if [ "$got" != "$current $password" ]; then
    echo "demo: the program got other values" >&2
    exit 1
fi

step "7. Kept out: a commit with a new token is refused"
git add . && shows 0 git commit --quiet -m "use envguard"
printf 'API = "%s"\n' "$(token)" > config.py
git add config.py
shows 1 git commit -m "add an API token"

step "Done: found, moved, documented, injected, and kept out"
