"""Settings: each documented, read once, and strict where real residents file."""

import base64
import os
import re
import stat
from dataclasses import fields
from pathlib import Path

import pytest

from lapor.settings import SETTINGS, Settings, SettingsError, generate_secrets, read

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "settings.md"


def key(version: str) -> str:
    return f"{version}:{base64.b64encode(os.urandom(32)).decode()}"


def production(**changes: str) -> dict[str, str]:
    sound = {
        "LAPOR_ENVIRONMENT": "production",
        "LAPOR_BASE_URL": "https://lapor.example.go.id",
        "LAPOR_DATABASE_URL": "postgresql://web:Zq3vB8nL1xW7pT5k@db.example/lapor",
        "LAPOR_REDIS_URL": "rediss://:Hm4cR9sF2yJ6dK0a@redis.example:6379/0",
        "LAPOR_SECRET_KEY": base64.b64encode(os.urandom(48)).decode(),
        "LAPOR_ENCRYPTION_KEYS": key("k1"),
        "LAPOR_LOOKUP_KEYS": key("k1"),
    }
    return sound | changes


def test_every_setting_is_documented_and_every_documented_one_exists():
    rows = dict(re.findall(r"^\| `LAPOR_(\w+)` \|(.*)$", DOCUMENT.read_text(), re.M))
    assert set(rows) == {setting.name for setting in SETTINGS}
    for setting in SETTINGS:
        default, secret, meaning = (cell.strip() for cell in rows[setting.name].strip(" |").rsplit(" | ", 2))
        assert meaning == setting.help
        assert (secret == "yes") is setting.secret
        for value in filter(None, [setting.default or "empty", setting.demo_default]):
            assert value in default


def test_the_fields_of_the_settings_are_the_settings():
    assert [field.name for field in fields(Settings)] == [setting.name.lower() for setting in SETTINGS]


def test_without_any_variable_it_is_a_demonstration():
    settings = read({})
    assert settings.environment == "demo"
    assert settings.console_channel is True
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.database_url == ""
    assert settings.admin_hosts == ("127.0.0.1:8000",)
    assert not settings.production
    assert not settings.secure


def test_the_console_channel_is_off_outside_a_demonstration():
    assert read({"LAPOR_ENVIRONMENT": "test"}).console_channel is False


def test_all_wrong_settings_are_named_in_one_line():
    with pytest.raises(SettingsError) as caught:
        read({"LAPOR_PORT": "many", "LAPOR_ENCRYPTION_KEYS": "k1:abcd", "LAPOR_DATABSE_URL": "x"})
    message = str(caught.value)
    assert "\n" not in message
    for name in ("LAPOR_PORT", "LAPOR_ENCRYPTION_KEYS", "LAPOR_DATABSE_URL"):
        assert name in message
    assert "abcd" not in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVIRONMENT", "staging"),
        ("DATABASE_URL", "mysql://root@localhost/x"),
        ("REDIS_URL", "localhost:6379"),
        ("BASE_URL", "lapor.example"),
        ("BASE_URL", "https://lapor.example/path"),
        ("HOME", "relative/folder"),
        ("PORT", "70000"),
        ("CONSOLE_CHANNEL", "perhaps"),
        ("TRUSTED_PROXIES", "10.0.0.0/40"),
        ("LOOKUP_KEYS", "k1"),
        ("ENCRYPTION_KEYS", "k1:***"),
        ("PARTNER_SECRETS", "mitra=plain"),
        ("PARTNER_SECRETS", "mitra=whsec_c2hvcnQ="),
        ("SMTP_URL", "http://mail.example"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_a_malformed_value_is_refused_with_the_name_of_its_setting(name, value):
    with pytest.raises(SettingsError, match=f"LAPOR_{name} "):
        read({f"LAPOR_{name}": value})


def test_mail_needs_a_sender():
    with pytest.raises(SettingsError, match="LAPOR_MAIL_FROM"):
        read({"LAPOR_SMTP_URL": "smtp://mail.example"})


def test_variables_of_the_test_suite_are_left_alone():
    read({"LAPOR_TEST_STRICT": "1", "PATH": "/bin"})


def test_production_with_sound_secrets_is_accepted():
    settings = read(production())
    assert settings.production
    assert settings.secure


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "abababababababababababababababababababab"),
        ("ENCRYPTION_KEYS", ""),
        ("ENCRYPTION_KEYS", "k1:" + base64.b64encode(bytes(32)).decode()),
        ("LOOKUP_KEYS", ""),
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "postgresql://web:postgres@db.example/lapor"),
        ("WORKER_DATABASE_URL", "postgresql://worker:password@db.example/lapor"),
        ("REDIS_URL", ""),
        ("BASE_URL", "http://lapor.example.go.id"),
        ("PARTNER_SECRETS", "mitra=whsec_" + base64.b64encode(bytes(32)).decode()),
    ],
)
def test_production_refuses_a_weak_or_missing_secret_by_name(name, value):
    with pytest.raises(SettingsError, match=f"LAPOR_{name} "):
        read(production(**{f"LAPOR_{name}": value}))


def test_production_refuses_every_secret_of_a_demonstration(tmp_path):
    made = {name: value for name, value in generate_secrets(tmp_path).items() if name.startswith("LAPOR_")}
    with pytest.raises(SettingsError) as caught:
        read(production(**made))
    for name in made:
        assert name in str(caught.value)
    password = generate_secrets(tmp_path)["WEB_PASSWORD"]
    with pytest.raises(SettingsError, match="LAPOR_DATABASE_URL"):
        read(production(LAPOR_DATABASE_URL=f"postgresql://web:{password}@db.example/lapor"))


def test_the_two_kinds_of_keys_must_differ():
    same = key("k1")
    with pytest.raises(SettingsError, match="LAPOR_LOOKUP_KEYS"):
        read(production(LAPOR_ENCRYPTION_KEYS=same, LAPOR_LOOKUP_KEYS=same))


def test_no_secret_is_printed(tmp_path):
    environ = production(**{"LAPOR_PARTNER_SECRETS": generate_secrets(tmp_path)["LAPOR_PARTNER_SECRETS"]})
    environ["LAPOR_ENVIRONMENT"] = "test"
    settings = read(environ)
    shown = repr(settings) + repr(settings.encryption_keys) + repr(settings.partner_secrets)
    secret_values = [environ.get(f"LAPOR_{setting.name}") for setting in SETTINGS if setting.secret]
    for value in filter(None, secret_values):
        assert value not in shown
        assert re.split("[:=]", value, maxsplit=1)[-1] not in shown


def test_secrets_are_generated_once_and_only_their_owner_may_read_them(tmp_path):
    home = tmp_path / "home"
    first = generate_secrets(home)
    assert stat.S_IMODE((home / "secrets.env").stat().st_mode) == 0o600
    assert generate_secrets(home) == first
    assert [path.name for path in home.iterdir()] == ["secrets.env"]
    settings = read({name: value for name, value in first.items() if name.startswith("LAPOR_")})
    assert len(settings.encryption_keys[0].key) == 32
    assert settings.secrets_of("mitra-demo")
    assert settings.secrets_of("nobody") == ()


def test_a_command_names_what_it_lacks():
    with pytest.raises(SettingsError, match="LAPOR_OWNER_DATABASE_URL is needed"):
        read({}).require("owner_database_url", "base_url")


@pytest.mark.parametrize("days", ["1", "90", "364"])
def test_an_identity_is_not_erased_while_the_report_can_still_be_taken_further(days):
    with pytest.raises(
        SettingsError, match="LAPOR_RETAIN_IDENTITY_DAYS must be 0, which is never, or at least 365"
    ):
        read({"LAPOR_RETAIN_IDENTITY_DAYS": days})


@pytest.mark.parametrize("days", [0, 365, 730])
def test_an_identity_is_kept_for_ever_or_for_a_year_at_least(days):
    assert read({"LAPOR_RETAIN_IDENTITY_DAYS": str(days)}).retain_identity_days == days
