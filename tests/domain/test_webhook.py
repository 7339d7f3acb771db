"""A webhook is registered once, suspended and resumed, delivered again on demand, and removed for good."""

from domain import webhook
from domain.webhook import (
    RegisterWebhook,
    RemoveWebhook,
    RenewSecret,
    ResumeWebhook,
    SuspendWebhook,
    WebhookRegistered,
    WebhookRemoved,
    WebhookResumed,
    WebhookSecretRenewed,
    WebhookSuspended,
)
from tests.spec import NINE, given

URL = "https://partner.example/hook"
REGISTER = RegisterWebhook(name="省平台", url=URL, subjects=("slots",), hall="tanghe")
REGISTERED = WebhookRegistered(name="省平台", url=URL, subjects=("slots",), hall="tanghe")


def test_a_webhook_is_registered_once() -> None:
    state = given(webhook).when(REGISTER).then(REGISTERED)
    assert (state.status, state.registered_at, state.secrets) == ("active", NINE, 1)
    given(webhook, REGISTERED).when(REGISTER).refused("webhook-known")


def test_a_webhook_is_suspended_with_its_cause_and_goes_on_when_resumed() -> None:
    suspended = WebhookSuspended("failing", "answered 500")
    state = given(webhook, REGISTERED).when(SuspendWebhook("failing", "answered 500")).then(suspended)
    assert (state.status, state.cause) == ("suspended", "failing")
    given(webhook, REGISTERED, suspended).when(SuspendWebhook()).then()
    state = given(webhook, REGISTERED, suspended).when(ResumeWebhook()).then(WebhookResumed())
    assert (state.status, state.cause) == ("active", None)


def test_one_that_runs_is_resumed_only_to_deliver_again() -> None:
    given(webhook, REGISTERED).when(ResumeWebhook()).then()
    given(webhook, REGISTERED).when(ResumeWebhook(7)).then(WebhookResumed(7))


def test_a_secret_is_renewed_as_often_as_wanted() -> None:
    renewed = WebhookSecretRenewed()
    state = given(webhook, REGISTERED, renewed).when(RenewSecret()).then(renewed)
    assert (state.secrets, state.renewed_at) == (3, NINE)


def test_what_was_removed_comes_back_no_more_and_what_never_was_is_missing() -> None:
    gone = WebhookRemoved("合作结束")
    given(webhook, REGISTERED).when(RemoveWebhook("合作结束")).then(gone)
    given(webhook, REGISTERED, gone).when(RemoveWebhook()).then()
    for command in (ResumeWebhook(), SuspendWebhook(), RenewSecret()):
        given(webhook, REGISTERED, gone).when(command).refused("webhook-removed")
        given(webhook).when(command).refused("unknown-webhook")
