"""What Resend can do, and what each asks a rule for."""

from __future__ import annotations

from connections import alerts, alerts_by_mail
from connections.provider import Action, Field, Kind, Pace
from connections.providers.resend import directories

_EMAIL = '{{ email | default: "" }}'
# Two requests a second for a whole account: https://resend.com/docs/api-reference/rate-limit
_PACE, _PACE_OF_TWO = Pace(per_second=2), Pace(per_second=1)

_TO = Field(
    key="to",
    label="To",
    kind=Kind.TEMPLATE,
    required=True,
    default=_EMAIL,
    hint="Addresses with commas between, 50 at most; {{ email }} is the one in the event.",
)
_FROM = Field(
    key="from", label="From", max_length=320, hint="Another sender than the connection's, at a verified domain."
)
_SEGMENT = Field(
    key="id", label="Segment", required=True, max_length=64, directory=directories.SEGMENT.key, hint="The segment's ID."
)
_CONTACT = Field(
    key="email", label="E-mail", kind=Kind.TEMPLATE, required=True, default=_EMAIL, hint="Whose contact it is."
)

ACTIONS = (
    Action(
        key="send_email",
        label="Send an e-mail",
        does="send an e-mail through {connection}",
        # No digest: its recipients come from each event, and nobody shall read of somebody else's.
        description="Mails your text and the event's own values from your domain.",
        fields=(
            _TO,
            Field(
                key="subject",
                label="Subject",
                kind=Kind.TEMPLATE,
                default=alerts.TITLE,
                fits=alerts_by_mail.SUBJECT_MOST - 40,  # the severity and the badges stand before it
            ),
            Field(key="body", label="Text", kind=Kind.TEMPLATE, default=alerts_by_mail.BODY, max_length=10_000),
            Field(key="link", label="Link", kind=Kind.TEMPLATE, hint="Where the button in the message leads."),
            _FROM,
        ),
        pace=_PACE,
    ),
    Action(
        key="send_email_template",
        label="Send a template",
        does="mail the template {place} through {connection}",
        description="Mails a template of your account with its variables filled in.",
        fields=(
            Field(
                key="id",
                label="Template",
                required=True,
                max_length=64,
                directory=directories.TEMPLATE.key,
                hint="The template's ID. It must be published.",
            ),
            _TO,
            Field(
                key="variables",
                label="Variables",
                kind=Kind.TEMPLATE,
                max_length=10_000,
                by_line=True,
                hint="One per line, as NAME: {{ value }}. What the template asks for besides is taken from the event:"
                " ACCOUNT_ID is its account_id.",
            ),
            Field(
                key="subject",
                label="Subject",
                kind=Kind.TEMPLATE,
                fits=alerts_by_mail.SUBJECT_MOST,
                hint="Instead of the template's own.",
            ),
            _FROM,
        ),
        pace=_PACE_OF_TWO,
        max_requests=2,
    ),
    Action(
        key="add_to_segment",
        label="Add to a segment",
        does="put the contact into {place} in {connection}",
        description="Puts the contact into a segment, and makes it if there is none.",
        fields=(
            _SEGMENT,
            _CONTACT,
            Field(key="first_name", label="First name", kind=Kind.TEMPLATE, default='{{ first_name | default: "" }}'),
            Field(key="last_name", label="Last name", kind=Kind.TEMPLATE, default='{{ last_name | default: "" }}'),
        ),
        pace=_PACE_OF_TWO,
        max_requests=2,
    ),
    Action(
        key="remove_from_segment",
        label="Remove from a segment",
        does="take the contact out of {place} in {connection}",
        description="Takes the contact out of a segment.",
        fields=(_SEGMENT, _CONTACT),
        pace=_PACE,
    ),
)
