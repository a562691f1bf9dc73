# The platform's commands. `just --list` shows them; ./justw works where `just` is not installed.

set positional-arguments

# Show this list
[private]
default:
    @{{ just_executable() }} --list --unsorted

# Start everything and end it on Ctrl-C
[group('stack'), no-exit-message]
dev *OPTIONS: setup
    @scripts/stack.sh dev "$@"

# Start everything, or bring what runs up to date, and leave it running
[group('stack'), no-exit-message]
up *OPTIONS: setup
    @scripts/stack.sh up "$@"

# End everything that was started; the data stays
[group('stack'), no-exit-message]
down:
    @scripts/stack.sh down

# Show every job: instances, health, addresses
[group('stack'), no-exit-message]
status:
    @scripts/stack.sh status

# Show what a job writes: just logs auth -f
[group('stack'), no-exit-message]
logs JOB *OPTIONS:
    @scripts/stack.sh logs "$@"

# Rebuild and redeploy one service, or restart it when nothing changed
[group('stack'), no-exit-message]
restart SERVICE *OPTIONS:
    @scripts/stack.sh restart "$@"

# Rebuild and redeploy on every save: one service, or all
[group('stack'), no-exit-message]
watch *SERVICE:
    @scripts/stack.sh watch "$@"

# Run COUNT instances of a service
[group('stack'), no-exit-message]
scale SERVICE COUNT:
    @scripts/stack.sh scale "$@"

# End everything and remove its data, secrets and logs
[group('stack'), no-exit-message]
reset:
    @scripts/stack.sh reset

# Sign sessions with a new key; --withdraw-old ends the old keys' sessions
[group('stack'), no-exit-message]
rotate-session-key *OPTIONS:
    @scripts/stack.sh rotate-session-key "$@"

# Show or redrive events that a service could not handle: just dlq list | show SERVICE ID | redrive SERVICE ID
[group('stack'), no-exit-message]
dlq *COMMAND:
    @scripts/stack.sh dlq "$@"

# Prove that nothing is lost, oversold or stuck; exit non-zero on a breach
[group('stack'), no-exit-message]
fsck *OPTIONS:
    @scripts/stack.sh fsck "$@"

# Put up a demo seller's offers, those that are missing
[group('stack'), no-exit-message]
demo:
    @scripts/stack.sh demo

# Let the running Nomad check the job files with production's variables
[group('stack'), no-exit-message]
plan-production *OPTIONS:
    @scripts/stack.sh plan-production "$@"

# Everything that CI runs, or one service's part of it
[group('test'), no-exit-message]
test *SERVICE: (setup "browser")
    @scripts/test.sh "$@"

# Tests without I/O
[group('test'), no-exit-message]
test-unit *SERVICE:
    @scripts/test.sh --only unit "$@"

# Tests against a Postgres, Redis and Consul of their own
[group('test'), no-exit-message]
test-integration *SERVICE: setup
    @scripts/test.sh --only integration "$@"

# Tests against a whole stack of their own
[group('test'), no-exit-message]
test-e2e *SERVICE: (setup "browser")
    @scripts/test.sh --only e2e "$@"

# Look at every page in light and dark, on a desk and on a phone: target/screenshots
[group('test'), no-exit-message]
screenshots: (setup "browser")
    @scripts/screenshots.sh

# Run a benchmark; the last line is its figures as JSON
[group('test'), no-exit-message]
bench NAME *OPTIONS: setup
    @scripts/bench.sh "$@"

# Format the code
[group('code'), no-exit-message]
fmt:
    @cargo fmt --all

# Check formatting and lints
[group('code'), no-exit-message]
lint:
    @scripts/test.sh --only fmt
    @scripts/test.sh --only clippy

# Install or find what the platform needs; `just setup browser` also the one that tests drive
[group('code'), no-exit-message]
setup *WITH:
    @scripts/bootstrap.sh "$@"
