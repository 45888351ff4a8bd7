"""`doctor`: looks over a deployment, one line for each thing, and says what to do."""

import click
from flask.cli import with_appcontext

from bot.cli import checks_inside, checks_outside, findings
from bot.cli.common import counted, runtime
from bot.cli.findings import Check, Level

_CHECKS: tuple[Check, ...] = (
    checks_inside.check_settings,
    checks_inside.check_database,
    checks_inside.check_redis,
    checks_inside.check_queues,
    checks_inside.check_clock,
    checks_inside.check_overdue,
    checks_outside.check_twilio,
    checks_outside.check_public_address,
    checks_outside.check_accounts,
)


@click.command()
@click.pass_context
@with_appcontext
def doctor(context: click.Context) -> None:
    """Check a deployment: servers, workers, Twilio, our own address, provider accounts.

    Each line begins with ok, warn or FAIL; the exit code is 1 when there is a FAIL. Nothing is
    changed, and no money moves: providers are asked about a payment that nobody made.
    """
    running = runtime()
    counts = dict.fromkeys(Level, 0)
    for check in _CHECKS:
        for finding in findings.run(check, running):
            counts[finding.level] += 1
            click.echo(str(finding))
    if running.settings.twilio_account_sid is not None:
        click.echo("\nTo be set by hand in Twilio's console, for the WhatsApp sender:")
        for line in checks_outside.what_to_set_at_twilio(running.settings):
            click.echo(f"  {line}")
    failures = counted(counts[Level.FAIL], "failure")
    click.echo(f"\n{failures}, {counted(counts[Level.WARN], 'warning')}.")
    context.exit(1 if counts[Level.FAIL] else 0)
