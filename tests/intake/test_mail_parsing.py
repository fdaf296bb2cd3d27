"""Mails as people, machines and attackers write them."""

from __future__ import annotations

import base64
import time
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from lapor.intake.mail_html import plain
from lapor.intake.mail_parsing import DERIVED, message_id_of, parse
from lapor.intake.mail_quotes import bare_subject, own_words

OURS = "lapor@contoh.example"
WORDS = "Jalan di depan pasar berlubang besar,\nsudah dua minggu."


def _mail(body: str = WORDS, **headers: str) -> EmailMessage:
    mail = EmailMessage()
    given = {
        "From": "Sri Contoh <sri@warga.example>",
        "To": OURS,
        "Subject": "Jalan rusak",
        "Message-ID": "<a1@warga.example>",
        **{name.replace("_", "-"): text for name, text in headers.items()},
    }
    for name, text in given.items():
        if text:
            mail[name] = text
    mail.set_content(body)
    return mail


def test_a_plain_mail_is_its_sender_subject_and_words() -> None:
    mail = parse(_mail().as_bytes(), OURS)
    assert (mail.sender, mail.name) == ("sri@warga.example", "Sri Contoh")
    assert mail.recipients == (OURS,)
    assert (mail.subject, mail.text) == ("Jalan rusak", WORDS)
    assert (mail.message_id, mail.answers) == ("a1@warga.example", ())
    assert (mail.automatic, mail.spam, mail.attachments) == (None, False, ())


def test_encoded_and_eight_bit_headers_are_read() -> None:
    raw = (
        b"From: =?utf-8?B?" + base64.b64encode("Büdi Santosa".encode()) + b"?= <BUDI@Warga.Example>\r\n"
        b"Subject: Lampu \xe2\x80\x9cmati\xe2\x80\x9d =?utf-8?q?di_jalan?=\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n\r\nGelap sekali.\r\n"
    )
    mail = parse(raw)
    assert (mail.sender, mail.name) == ("budi@warga.example", "Büdi Santosa")
    assert mail.subject == "Lampu “mati” di jalan"


@pytest.mark.parametrize("charset", ["tidak-ada", "us-ascii", "utf-8", ""])
def test_a_wrong_charset_loses_no_words(charset: str) -> None:
    named = f"; charset={charset}" if charset else ""
    raw = f"From: a@b.example\r\nContent-Type: text/plain{named}\r\n\r\n".encode() + "Café tutup".encode(
        "cp1252"
    )
    assert parse(raw).text == "Café tutup"


def test_a_mail_without_an_id_gets_the_same_one_on_every_way() -> None:
    sent = b"From: a@b.example\r\nDate: Sun, 22 Nov 2026 10:00:00 +0700\r\nSubject: x\r\n\r\nisi\r\n"
    one = parse(b"Received: from m1\r\n" + sent).message_id
    assert one.startswith(DERIVED)
    assert parse(b"Received: from m2\nX-Trace: 7\n" + sent.replace(b"\r\n", b"\n")).message_id == one
    assert parse(sent.replace(b"isi", b"isi lain")).message_id != one
    assert message_id_of(b"Received: from m1\r\n" + sent) == one


def test_an_id_that_cannot_be_kept_is_replaced_by_a_derived_one() -> None:
    for bad in ("<" + "x" * 300 + "@b.example>", "tanpa kurung", "<ä@b.example>"):
        raw = f"From: a@b.example\r\nMessage-ID: {bad}\r\n\r\nisi".encode()
        found = parse(raw).message_id
        assert found.startswith(DERIVED)
        assert len(found) <= 200


REPLIES = {
    "Gmail, Indonesian": "Sudah diperbaiki?\n\nPada Sen, 23 Nov 2026 pukul 10.05 Lapor Kota <lapor@contoh.example>\nmenulis:\n\n> Laporan Anda sudah kami terima.\n>\n> Salam\n",
    "Gmail, English": "Sudah diperbaiki?\n\nOn Mon, Nov 23, 2026 at 10:05 AM Lapor Kota <lapor@contoh.example> wrote:\n\n> Laporan Anda\n",
    "Apple": "Sudah diperbaiki?\n\n> Pada 23 Nov 2026, pukul 10.05, Lapor Kota <lapor@contoh.example> menulis:\n>\n> Laporan Anda\n",
    "Yahoo": "Sudah diperbaiki?\n\n    Pada Senin, 23 November 2026 10.05.12 WIB, Lapor Kota <lapor@contoh.example> menulis:\n\n Laporan Anda sudah kami terima\n",
    "Outlook, Indonesian": "Sudah diperbaiki?\n\n________________________________\nDari: Lapor Kota <lapor@contoh.example>\nDikirim: Senin, 23 November 2026 10.05\nKepada: Sri\nPerihal: Laporan\n\nLaporan Anda\n",
    "Outlook, English": "Sudah diperbaiki?\n\nFrom: Lapor Kota <lapor@contoh.example>\nSent: Monday\nTo: Sri\nSubject: Laporan\n\nLaporan Anda\n",
    "Outlook, old": "Sudah diperbaiki?\n\n-----Pesan Asli-----\nDari: Lapor\n\nLaporan Anda\n",
    "Outlook, old English": "Sudah diperbaiki?\n\n-----Original Message-----\nFrom: Lapor\n\nLaporan Anda\n",
    "Samsung": "Sudah diperbaiki?\n\nDikirim dari Galaxy saya\n\n\n-------- Pesan asli --------\nDari: lapor@contoh.example\n\nLaporan Anda\n",
    "Name first": "Sudah diperbaiki?\n\nLapor Kota <lapor@contoh.example> menulis:\n> Laporan Anda\n",
    "Date first": "Sudah diperbaiki?\n\n2026-11-23 10:05 GMT+07:00 Lapor Kota <lapor@contoh.example>:\n\n> Laporan Anda\n",
    "Between the lines": "> Apakah sudah baik?\n\nSudah diperbaiki?\n\n> Salam\n",
    "iPhone": "Sudah diperbaiki?\n\nDikirim dari iPhone saya\n\n> Laporan Anda\n",
    "Signature": "Sudah diperbaiki?\n-- \nSri Contoh\nRT 3 RW 5\n",
}


@pytest.mark.parametrize("client", REPLIES)
def test_only_what_was_newly_written_is_kept_of_an_answer(client: str) -> None:
    assert own_words(REPLIES[client], answers=True) == "Sudah diperbaiki?"


KEPT = {
    "a letter with its own head": "Dari: Warga RT 3\nKepada: Bapak Wali Kota\nPerihal: Jalan rusak\n\nJalan kami rusak.",
    "a list with hyphens": "Masalahnya:\n- lampu mati\n- jalan gelap\nMohon diperbaiki.",
    "more than": "Sudah rusak\n> 3 bulan\ntolong diperbaiki.",
    "prose": "Pada hari Senin saya menulis:\nlampu mati, tidak dijawab.",
    "a rule": "Lampu mati.\n-----\nAir juga mati.",
    "sent from, in the middle": "Air dikirim dari tangki.\nDikirim dari Galaxy kemarin\nlalu\nhabis\nlagi dan lagi",
}


@pytest.mark.parametrize("text", KEPT.values(), ids=list(KEPT))
def test_what_only_looks_like_a_quote_stays(text: str) -> None:
    assert own_words(text, answers=False) == text


def test_who_hands_a_mail_on_says_what_it_says() -> None:
    forwarded = "---------- Forwarded message ---------\nDari: Budi <budi@warga.example>\nDate: Sen\nSubject: Lampu\nTo: x\n\nLampu mati di gang kami."
    assert "Lampu mati di gang kami." in own_words(forwarded, answers=False)
    said = own_words(f"Mohon dibantu.\n\n{forwarded}", answers=False)
    assert said.startswith("Mohon dibantu.")
    assert "Lampu mati di gang kami." in said


def test_an_answer_that_only_quotes_says_nothing() -> None:
    assert own_words("> Laporan Anda\n> sudah kami terima\n", answers=True) == ""


@pytest.mark.parametrize(
    "subject",
    ["Re: Jalan", "RE: Re: Jalan", "Bls: Jalan", "Fwd: Jalan", "Balas: Fw: Jalan", "Re[2]: Jalan", "Jalan"],
)
def test_a_subject_loses_what_programs_put_before_it(subject: str) -> None:
    assert bare_subject(subject) == "Jalan"


def test_a_mail_in_html_becomes_text_without_scripts_and_hidden_parts() -> None:
    markup = (
        "<html><head><style>p{color:red}</style><title>x</title></head><body><div style='display:none'>pratinjau</div>"
        "<p>Lampu&nbsp;mati di <b>gang</b> kami.</p><ul><li>gelap<li>rawan</ul><script>alert(1)</script>"
        "<p>Di sini: <a href='https://maps.example/?q=-6.9,110.4'>peta</a></p>"
        "<div class='gmail_quote'>Pada Sen, 23 Nov 2026 pukul 10.05 Lapor menulis:<blockquote>Laporan Anda</blockquote></div>"
        "</body></html>"
    )
    shown = plain(markup)
    assert "Lampu mati di gang kami." in shown
    assert "- gelap\n- rawan" in shown
    assert "peta (https://maps.example/?q=-6.9,110.4)" in shown
    assert not any(hidden in shown for hidden in ("pratinjau", "alert", "color"))
    said = own_words(shown, answers=True)
    assert said.endswith("110.4)")


def test_of_two_forms_of_a_mail_the_plain_one_is_read_unless_it_is_empty() -> None:
    mail = _mail("Lampu mati.")
    mail.add_alternative("<p>Lampu <b>mati</b>!</p>", subtype="html")
    assert parse(mail.as_bytes()).text == "Lampu mati."
    empty = _mail(" ")
    empty.add_alternative("<p>Lampu <b>mati</b>!</p>", subtype="html")
    assert parse(empty.as_bytes()).text == "Lampu mati!"


def test_attached_and_inline_pictures_are_found() -> None:
    mail = _mail()
    mail.add_attachment(b"\xff\xd8\xff1", maintype="image", subtype="jpeg", filename="jalan.jpg")
    mail.add_attachment(b"\x89PNG", maintype="image", subtype="png", disposition="inline", cid="<x>")
    mail.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="surat.pdf")
    mail.add_attachment(
        b"\xff\xd8\xff2", maintype="application", subtype="octet-stream", filename="IMG_2.JPG"
    )
    found = parse(mail.as_bytes())
    assert [one.name for one in found.attachments] == ["jalan.jpg", "", "surat.pdf", "IMG_2.JPG"]
    assert [one.body for one in found.pictures] == [b"\xff\xd8\xff1", b"\x89PNG", b"\xff\xd8\xff2"]
    assert found.text == WORDS


def test_a_mail_hung_on_a_mail_gives_its_pictures_and_its_words_only_when_there_are_no_others() -> None:
    inner = _mail("Air mati sejak kemarin di gang kami.")
    inner.add_attachment(b"\xff\xd8\xff1", maintype="image", subtype="jpeg", filename="air.jpg")
    outer = _mail("Mohon ditindaklanjuti.")
    outer.add_attachment(inner)
    found = parse(outer.as_bytes())
    assert found.text == "Mohon ditindaklanjuti."
    assert len(found.pictures) == 1
    bare = _mail("")
    bare.add_attachment(inner)
    assert parse(bare.as_bytes()).text == "Air mati sejak kemarin di gang kami."


def test_the_thread_is_read_from_nearest_to_farthest() -> None:
    mail = _mail(In_Reply_To="<c@x.example>", References="<a@x.example> <b@x.example> <c@x.example>")
    assert parse(mail.as_bytes()).answers == ("c@x.example", "b@x.example", "a@x.example")


MACHINES = {
    "vacation": ({"Auto-Submitted": "auto-replied (vacation)"}, "balasan otomatis"),
    "generated": ({"Auto-Submitted": "auto-generated"}, "balasan otomatis"),
    "old vacation": ({"X-Autoreply": "yes"}, "balasan otomatis"),
    "precedence": ({"Precedence": "auto_reply"}, "balasan otomatis"),
    "outlook": ({"Subject": "Automatic reply: Laporan Anda"}, "balasan otomatis"),
    "bounce": ({"Return-Path": "<>"}, "pemberitahuan dari server surel"),
    "daemon": ({"From": "Mail Delivery <MAILER-DAEMON@mx.example>"}, "pemberitahuan dari server surel"),
    "list": ({"List-Id": "<warga.milis.example>"}, "surel milis atau selebaran"),
    "bulk": ({"Precedence": "bulk"}, "surel milis atau selebaran"),
    "ours": ({"From": f"Lapor <{OURS}>"}, "surel kami sendiri"),
}


@pytest.mark.parametrize("machine", MACHINES)
def test_no_machine_is_taken_for_a_person(machine: str) -> None:
    headers, why = MACHINES[machine]
    named = {name.replace("-", "_"): text for name, text in headers.items()}
    assert parse(_mail(**named).as_bytes(), OURS).automatic == why


def test_a_delivery_report_is_not_taken_for_a_person() -> None:
    raw = (
        b"From: a@b.example\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n"
        b"--x\r\n\r\nTidak sampai\r\n--x--\r\n"
    )
    assert parse(raw).automatic == "pemberitahuan dari server surel"


def test_a_person_says_no_to_auto_submitted() -> None:
    assert parse(_mail(Auto_Submitted="no").as_bytes(), OURS).automatic is None


def test_what_the_server_calls_spam_is_known() -> None:
    assert parse(_mail(X_Spam_Flag="YES").as_bytes()).spam


def test_lines_that_a_program_broke_are_one_again() -> None:
    raw = (
        b"From: a@b.example\r\nContent-Type: text/plain; format=flowed\r\n\r\n"
        b"Jalan di depan \r\npasar rusak.\r\nTerima kasih.\r\n"
    )
    assert parse(raw).text == "Jalan di depan pasar rusak.\nTerima kasih."


def test_mails_nested_without_end_are_read_without_falling() -> None:
    deep = b"".join(
        f"Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n".encode()
        for level in range(3_000)
    )
    found = parse(b"From: a@b.example\r\nSubject: dalam\r\n" + deep + b"\r\nisi")
    assert (found.sender, found.subject) == ("a@b.example", "dalam")


@pytest.mark.parametrize(
    "markup",
    [
        "<" * 200_000,
        "<a" * 100_000,
        "<!--" * 50_000,
        "<div>" * 40_000,
        "</b>" * 50_000,
        "<![" * 60_000,
        "&#" * 90_000,
    ],
)
def test_crafted_markup_takes_no_long_time(markup: str) -> None:
    begun = time.process_time()
    plain(markup)
    assert time.process_time() - begun < 5


CRAFTED = [
    "Pada @ " * 15_000,
    "-" * 100_000,
    "on 1:1\n" * 14_000,
    "> " * 50_000,
    "dari:\n" * 16_000,
    ("@" * 399 + "\n") * 250,
    ("pada " + "@ menulis " * 39 + "\n") * 250,
    "a \n" * 130_000,
]


@pytest.mark.parametrize("text", CRAFTED)
def test_crafted_text_takes_no_long_time(text: str) -> None:
    head = f"From: {'a@b.example, ' * 500}\nSubject: {'=?x?q?' * 2_000}\nContent-Type: text/plain; format=flowed\n\n"
    begun = time.process_time()
    parse((head + text).encode())
    assert time.process_time() - begun < 5


_HEADER_NAMES = some.sampled_from(
    [
        "From",
        "To",
        "Subject",
        "Message-ID",
        "References",
        "In-Reply-To",
        "Content-Type",
        "Content-Disposition",
        "Content-Transfer-Encoding",
        "Auto-Submitted",
        "Return-Path",
        "Precedence",
        "X-Spam-Status",
    ]
)
_HEADER_WORDS = some.sampled_from(
    [
        b"=?utf-8?b?",
        b"?=",
        b"=?x?q?=",
        b"<",
        b">",
        b"@",
        b";",
        b"boundary=x",
        b"charset*=utf-8''%",
        b'"',
        b"multipart/mixed",
        b"text/html",
        b"message/rfc822",
        b"base64",
        b"name*0*=",
        b"\xff",
        b"\0",
        b"a@b.example",
        b"(",
        b",",
        b":",
        b"=",
        b" ",
    ]
)
_BODY_WORDS = some.sampled_from(
    [
        b"--x\r\n",
        b"--x--\r\n",
        b"Content-Type: text/html\r\n\r\n",
        b"Content-Type: message/rfc822\r\n\r\n",
        b"<div>",
        b"\r\n",
        b"> a",
        b"-- \r\n",
        b"Pada 1.2 @ menulis:",
        b"Content-Transfer-Encoding: base64\r\n\r\n",
        b"=",
        b"\xf0",
        b"Dari: @\r\n",
    ]
)


@given(
    some.lists(some.tuples(_HEADER_NAMES, some.lists(_HEADER_WORDS, max_size=8)), max_size=8),
    some.lists(_BODY_WORDS | some.binary(max_size=6), max_size=20),
)
@settings(max_examples=300, deadline=None)
def test_no_mail_makes_the_reader_fall(headers: list[tuple[str, list[bytes]]], body: list[bytes]) -> None:
    head = b"".join(name.encode() + b": " + b"".join(words) + b"\r\n" for name, words in headers)
    _check(head + b"\r\n" + b"".join(body))


@given(some.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_no_bytes_make_the_reader_fall(raw: bytes) -> None:
    _check(raw)


def _check(raw: bytes) -> None:
    mail = parse(raw, OURS)
    assert 0 < len(mail.message_id) <= 200
    assert mail.message_id.isprintable()
    assert message_id_of(raw) == mail.message_id
    for text in (mail.subject, mail.text, mail.name, mail.sender, *(one.name for one in mail.attachments)):
        text.encode()
        assert "\0" not in text
