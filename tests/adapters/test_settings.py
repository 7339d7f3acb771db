"""Settings from the environment: typed, defaulted, and wrong ones named."""

import pytest

from adapters.settings import BadSetting, Settings, read, unknown


def test_an_empty_environment_gives_the_defaults() -> None:
    assert read({}) == Settings()
    assert read({"PATH": "/bin", "HOME": "/root"}) == Settings()


def test_numbers_flags_and_lists_are_read_from_text() -> None:
    told = read(
        {
            "MINGTING_PORT": "9000",
            "MINGTING_DEVELOPMENT_TOKENS": "true",
            "MINGTING_BODY_SECONDS": "2.5",
            "MINGTING_OIDC_ALGORITHMS": "RS256, PS256",
        }
    )
    assert (told.port, told.development_tokens, told.body_seconds) == (9000, True, 2.5)
    assert told.oidc_algorithms == ("RS256", "PS256")


def test_a_name_that_is_no_setting_is_told_and_the_rest_is_read() -> None:
    told = {
        "MINGTING_OIDC_ISUER": "https://id.test",
        "MINGTING_PORT": "9000",
        "MINGTING_TOKEN": "t",
        "PORT": "1",
    }
    assert unknown(told) == ["MINGTING_OIDC_ISUER"]
    assert read(told) == Settings(port=9000)


def test_the_command_line_wins_over_the_environment() -> None:
    assert read({"MINGTING_PORT": "9000"}, port=8001, host=None) == Settings(port=8001)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MINGTING_PORT", "http"),
        ("MINGTING_PORT", "70000"),
        ("MINGTING_PORT", "-1"),
        ("MINGTING_OIDC_ISSUER", "id.example"),
        ("MINGTING_SECRET", "short"),
        ("MINGTING_BODY_BYTES_MAX", "0"),
        ("MINGTING_DEVELOPMENT_TOKENS", "perhaps"),
        ("MINGTING_PROXIES", "10.0.0.0/8, my-proxy"),
        ("MINGTING_WEBHOOK_NETWORKS", "10.0.0.1/8"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        read({name: value})


@pytest.mark.parametrize(
    ("settings", "signs"),
    [
        (Settings(), True),
        (Settings(database_url="postgresql://db/x"), False),
        (Settings(database_url="postgresql://db/x", development_tokens=True), True),
        (Settings(oidc_issuer="https://id.test"), False),
        (Settings(oidc_issuer="https://id.test", development_tokens=True), False),
    ],
)
def test_development_tokens_are_for_the_embedded_default_and_never_beside_a_provider(
    settings: Settings, signs: bool
) -> None:
    assert settings.signs_tokens is signs
