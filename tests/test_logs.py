"""The logs: what is said, and above all what is not."""

import io
import json
import logging

import pytest
import structlog

from lapor import logs


@pytest.fixture
def written():
    """The stream that the logs go to; the configuration of the other tests comes back afterwards."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield io.StringIO()
    structlog.reset_defaults()
    root.handlers[:] = before
    root.setLevel(level)


def test_production_writes_json_lines_and_a_demonstration_short_ones(written):
    logs.configure("INFO", "production", written)
    structlog.get_logger().info("sweep", fired=3)
    line = json.loads(written.getvalue())
    assert (line["event"], line["fired"], line["level"]) == ("sweep", 3, "info")
    written.truncate(0)
    logs.configure("INFO", "demo", written)
    structlog.get_logger().info("sweep", fired=3)
    assert written.getvalue().rstrip().endswith("sweep fired=3")


def test_a_key_that_nobody_declared_safe_is_left_out_and_named(written):
    logs.configure("INFO", "production", written)
    structlog.get_logger().info("filed", complaint="5f0e", phone="0812-0000-1234", name="Bu Tini")
    line = json.loads(written.getvalue())
    assert line["complaint"] == "5f0e"
    assert line["dropped"] == ["name", "phone"]
    assert "Tini" not in written.getvalue()
    assert "0812" not in written.getvalue()


def test_a_sentence_in_place_of_an_id_is_left_out(written):
    logs.configure("INFO", "production", written)
    structlog.get_logger().info("sent", message="jalan di depan rumah saya rusak")
    assert json.loads(written.getvalue())["dropped"] == ["message"]


def test_an_exception_is_logged_by_type_and_place_without_its_words(written):
    logs.configure("INFO", "production", written)
    try:
        raise ValueError("Bu Tini, 0812-0000-1234")
    except ValueError:
        structlog.get_logger().exception("task_failed", task="sweep")
    line = json.loads(written.getvalue())
    assert line["error"] == "ValueError"
    assert line["where"].startswith("test_logs.py:")
    assert "Tini" not in written.getvalue()


def test_what_other_packages_log_passes_without_its_arguments(written):
    logs.configure("INFO", "production", written)
    logging.getLogger("somebody").warning("cannot deliver to %s", "tini@warga.example")
    logging.getLogger("uvicorn.access").info('%s - "GET %s"', "10.0.0.1", "/laporan/ABC")
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 7)
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["cannot deliver to %s", "Started server process [7]"]
    assert lines[0]["logger"] == "somebody"
    assert "warga" not in written.getvalue()


def test_lines_below_the_level_are_not_written(written):
    logs.configure("WARNING", "production", written)
    structlog.get_logger().info("sweep")
    assert written.getvalue() == ""
