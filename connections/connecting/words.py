"""Why a sign-in goes no further, in words for the person in front of it; whoever shows them translates them."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from connections.provider import Refusal

_AGAIN = _("Go back to where you came from, and press Connect again.")
_ASK = _("Ask whoever sent it to you for a new one.")

UNKNOWN_TICKET = Refusal(_("This address is not complete, or was never given out."), _AGAIN)
SPENT_TICKET = Refusal(_("This sign-in was begun already, in this window or in another one."), _AGAIN)
OLD_TICKET = Refusal(_("Ten minutes have passed since you pressed Connect."), _AGAIN)
UNKNOWN_LINK = Refusal(_("This link is not complete, or was never given out."), _ASK)
SPENT_LINK = Refusal(_("This link was used already: it works once."), _ASK)
OLD_LINK = Refusal(_("This link is older than seven days."), _ASK)
WITHDRAWN = Refusal(_("Whoever sent you this link has taken it back."), _ASK)
SESSION_OVER = Refusal(
    _("Your session in the product you came from is over."), _("Sign in there, and press Connect again.")
)
NOT_SEEN = Refusal(
    _("Your browser did not come from our own page, or keeps no cookies for it."),
    _("Allow cookies for this site, open the address again, and press the button on its page."),
)
NOT_SET_UP = Refusal(_("The app of this product was taken away meanwhile."), _("Its operator sets it up again."))

NO_STATE = Refusal(_("This sign-in is not one that was begun here."), _AGAIN)
FINISHED = Refusal(
    _("This sign-in was finished already."), _("Close this window. Where you came from shows how it ended.")
)
TOO_LATE = Refusal(_("The sign-in took more than ten minutes."), _AGAIN)
OTHER_BROWSER = Refusal(
    _("This sign-in was begun in another browser, or your browser keeps no cookies for this site."),
    _("Begin and finish it in the same browser."),
)
OTHER_PROVIDER = Refusal(_("This answer came from another provider than the one that was asked."), _AGAIN)
NO_CODE = Refusal(_("The answer holds no code."), _AGAIN)
GONE = Refusal(_("The connection was deleted while you were signing in."), _("Connect it anew."))


def denied(name: str) -> Refusal:
    """The person pressed Cancel, or may not install apps."""
    reason = gettext("%(name)s was not given permission.") % {"name": name}
    return Refusal(reason, _("Nothing was changed. If you want to connect it, begin again."))


def told(name: str, word: str) -> Refusal:
    """The provider sent the browser back with another error."""
    reason = gettext("%(name)s did not finish the sign-in and said: %(word)s.") % {"name": name, "word": word}
    return Refusal(reason, _AGAIN)
