"""Reading a file of bookings by itself: the grammars of cells, and all that is wrong named."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.importing import (
    LARGEST_FILE_BYTES,
    MOST_ROWS,
    BookingRow,
    ImportRefused,
    Reading,
    cells,
)
from domain.importing.cells import BadCell
from domain.money import Money
from tests.domain.booking_files import read as read_file

HEADER = "reference,tour_id,tour_name,start_date,customer_name,customer_phone,total,currency"
ROW = "KS-2024-001,5,Victoria Falls,2030-02-10,Tendai Moyo,+263771234567,450.00,USD"


def read(text: str) -> Reading:
    return read_file(text.encode())


def only(text: str) -> BookingRow:
    reading = read(text)
    assert reading.faults == ()
    (row,) = reading.rows
    return row


def faults(text: str) -> list[str]:
    """What is wrong, as it is printed."""
    try:
        return [str(fault) for fault in read(text).faults]
    except ImportRefused as refused:
        return [str(fault) for fault in refused.faults]


@pytest.mark.parametrize(
    ("cell", "minor"),
    [
        ("500", 50_000),
        ("500.00", 50_000),
        ("1,250.00", 125_000),
        ("1,250", 125_000),
        ("1,234,567.89", 123_456_789),
        ("95.5", 9_550),
        ("0", 0),
        ("0.01", 1),
        ("10,000,000,000.00", 10**12),
    ],
)
def test_amounts_are_read_exactly(cell: str, minor: int) -> None:
    assert cells.read_amount(cell, "USD") == Money(minor, "USD")


@pytest.mark.parametrize(
    "cell",
    [
        "-5",
        "+5",
        "1e3",
        "NaN",
        "Infinity",
        "1_000",
        "1.005",
        "1250,00",
        "1.250,00",
        "12,50.00",
        "1,25",
        "0,500",
        "5.",
        ".5",
        "$500",
        "500 USD",
        "5 00",
        "５００",
        "٥٠٠",
        "²",
        "10,000,000,000.01",
        "9" * 40,
        "0." + "0" * 40,
        "(500)",
    ],
)
def test_amounts_that_need_a_guess_are_refused(cell: str) -> None:
    with pytest.raises(BadCell):
        cells.read_amount(cell, "USD")


@given(st.integers(0, cells.LARGEST_AMOUNT_MINOR))
def test_every_amount_reads_back_as_it_was_written(minor: int) -> None:
    written = str(Money(minor, "USD")).removeprefix("USD ")
    assert cells.read_amount(written, "USD").amount_minor == minor
    assert cells.read_amount(written.replace(",", ""), "USD").amount_minor == minor


@given(st.text(max_size=40))
def test_no_text_breaks_a_grammar(text: str) -> None:
    for grammar in (
        cells.clean,
        cells.read_reference,
        cells.read_tour_number,
        cells.read_date,
        cells.read_currency,
        cells.read_email,
        lambda cell: cells.read_amount(cell, "USD"),
        lambda cell: cells.read_phone(cell, "USD"),
    ):
        try:
            read_cell = grammar(text)
        except BadCell:
            continue
        assert read_cell is not None


@pytest.mark.parametrize(
    ("cell", "currency", "digits"),
    [
        ("+263 77 123 4567", "USD", "263771234567"),
        ("0771234567", "USD", "263771234567"),
        ("771234567", "ZWG", "263771234567"),
        ("263771234567", "ZWG", "263771234567"),
        ("00263771234567", "USD", "263771234567"),
        ("'+263771234567", "USD", "263771234567"),
        ("+263\u00a077\u2010123-4567", "USD", "263771234567"),
        ("\uff0b２６３771234567", "USD", "263771234567"),
        ("8 701 123 45 67", "KZT", "77011234567"),
        ("98765 43210", "INR", "919876543210"),
        ("+44 20 7946 0958", "USD", "442079460958"),
        # A range that is newer than the library.
        ("+263700000001", "USD", "263700000001"),
    ],
)
def test_phones_end_as_international_digits(cell: str, currency: str, digits: str) -> None:
    assert cells.read_phone(cell, currency) == digits


@pytest.mark.parametrize(
    "cell",
    [
        "12345",
        "2.63771E+11",
        "+263771234567 / +263772345678",
        "+26377123456",
        "call me",
        "1-800-FLOWERS",
        "+263771234567 ext 5",
        "7911 123456",
        "+",
        "=+263771234567",
    ],
)
def test_what_is_no_phone_is_refused(cell: str) -> None:
    with pytest.raises(BadCell):
        cells.read_phone(cell, "USD")


@pytest.mark.parametrize(
    "cell", ["10.02.2026", "10/02/2026", "2026-2-10", "2026-02-30", "20260210", "0206-02-10"]
)
def test_dates_are_iso_or_refused(cell: str) -> None:
    with pytest.raises(BadCell):
        cells.read_date(cell)


@pytest.mark.parametrize("cell", ["---", "X" * 41, "BK-T005-20260210", "ﷺﷺﷺ"])
def test_references_that_cannot_be_ours_are_refused(cell: str) -> None:
    with pytest.raises(BadCell):
        cells.read_reference(cell)


def test_a_row_is_read() -> None:
    row = only(f"{HEADER},paid,email,deposit,balance_due_on\n{ROW},50,t@example.com,100,2030-01-10")
    assert (row.line, row.reference, row.key) == (2, "KS-2024-001", "KS2024001")
    assert (row.tour_id, row.tour_name, row.start_date) == (5, "Victoria Falls", date(2030, 2, 10))
    assert (row.operator, row.name, row.phone) == ("Kalai Safaris", "Tendai Moyo", "263771234567")
    assert (row.total, row.opening, row.deposit) == (
        Money(45_000, "USD"),
        Money(5_000, "USD"),
        Money(10_000, "USD"),
    )
    assert (row.email, row.balance_due_on) == ("t@example.com", date(2030, 1, 10))


def test_neither_name_nor_phone_shows_when_a_row_is_printed() -> None:
    shown = repr(only(f"{HEADER}\n{ROW}"))
    assert "KS-2024-001" in shown
    assert "Moyo" not in shown
    assert "4567" not in shown


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeff{HEADER}\n{ROW}\n",
        f"{HEADER}\r\n{ROW}\r\n",
        f"\n{HEADER}\n\n,,,,,,,\n{ROW}\n\n",
        f"{HEADER.upper()}\n{ROW}",
        f"{HEADER}\n{ROW}".replace(",", ";"),
        f"{HEADER}\n{ROW}".replace("Tendai Moyo", '"Tendai Moyo"'),
        f"{HEADER}\n{ROW}".replace("450.00", " 450.00 ").replace("USD", "usd"),
        f"{HEADER}\n{ROW}".replace("+263", "\u202a+263").replace("4567", "4567\u202c"),
        "currency,total,customer_phone,customer_name,start_date,tour_name,tour_id,reference\n"
        "USD,450.00,+263771234567,Tendai Moyo,2030-02-10,Victoria Falls,005,KS-2024-001",
    ],
)
def test_the_forms_that_spreadsheets_write_read_the_same(text: str) -> None:
    row, plain = only(text), only(f"{HEADER}\n{ROW}")
    for name in ("reference", "tour_id", "tour_name", "start_date", "name", "phone", "total"):
        assert getattr(row, name) == getattr(plain, name), name


def test_fields_may_be_quoted_and_hold_the_separator() -> None:
    row = only(f"{HEADER}\n{ROW}".replace("Tendai Moyo", '"Moyo, Tendai ""TJ"""'))
    assert row.name == 'Moyo, Tendai "TJ"'


def test_a_formula_is_text() -> None:
    row = only(f"{HEADER}\n{ROW}".replace("Tendai Moyo", "=HYPERLINK(1)"))
    assert row.name == "=HYPERLINK(1)"


def test_tour_and_date_may_be_empty_and_the_tour_alone_may_stand() -> None:
    bare = only(f"{HEADER}\nKS-1,,,,Tendai Moyo,+263771234567,450,USD")
    assert (bare.tour_id, bare.tour_name, bare.start_date) == (None, None, None)
    tour = only(f"{HEADER}\nKS-1,5,Falls,,Tendai Moyo,+263771234567,450,USD")
    assert (tour.tour_id, tour.start_date) == (5, None)


def test_every_fault_of_every_row_is_named_and_no_cell_repeated() -> None:
    named = faults(
        f"{HEADER},paid\n"
        "KS-1,x,Falls,10.02.2026,,0771,-5,EUR,\n"
        "KS-2,,Falls,,Tendai Moyo,0771,1e3,USD,NaN\n"
        f"{ROW},500\n"
        "ks 2024 001,5,Falls,2030-02-10,Rudo Ncube,+263772345678,450.00,USD,\n"
        "KS-3,5\n"
    )
    assert [line.rpartition(": ")[0] for line in named] == [
        "line 2, tour_id",
        "line 2, start_date",
        "line 2, customer_name",
        "line 2, currency",
        "line 3, tour_id",
        "line 3, customer_phone",
        "line 3, total",
        "line 3, paid",
        "line 4, paid",
        "line 5, reference",
        "line 6",
    ]
    assert named[8].endswith("is more than the total")
    assert named[9].endswith("is the same booking as line 4")
    assert not any("0771" in line or "1e3" in line for line in named)


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    text = f'{HEADER}\n{ROW}\n\nKS-2,,,,"two\nlines",+263771234567,5,USD\nKS-3,,,,A,,5,USD'
    assert [line.partition(":")[0] for line in faults(text)] == [
        "line 4, customer_name",
        "line 6, customer_phone",
    ]


def test_columns_that_are_missing_unknown_or_doubled_are_named() -> None:
    named = faults(HEADER.replace("total", "price").replace("tour_name", "tour_id"))
    assert [line.partition(": ")[0] for line in named] == ["line 1"] * 4
    assert "column 'price' is none of reference" in named[0]
    assert named[1].endswith("the column tour_name is missing")
    assert named[2].endswith("the column total is missing")
    assert named[3].endswith("the column tour_id stands there twice")


def test_a_file_without_a_header_does_not_show_its_first_row() -> None:
    named = faults(ROW)
    assert any("column 6 is none of" in line for line in named)
    assert not any("771234567" in line for line in named)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (b",,,\n", "the column reference is missing"),
        (f"{HEADER}\n{ROW}".encode("utf-16"), "is not UTF-8"),
        (f"{HEADER}\n{ROW}\nKS-2,,,,Andr\xe9,+263771234567,5,USD".encode("latin-1"), "line 3"),
        (b"a" * (LARGEST_FILE_BYTES + 1), "larger than 10 MB"),
        (f'{HEADER}\n"KS-1'.encode(), "line 2: cannot be read"),
        (f'{HEADER}\n"KS-1"x,,,,A,+263771234567,5,USD'.encode(), "line 2: cannot be read"),
    ],
)
def test_what_is_no_table_is_refused_as_a_whole(data: bytes, reason: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        read_file(data)
    assert reason in str(refused.value.faults[0])


def test_too_many_rows_are_refused() -> None:
    rows = "\n".join(f"KS-{number},,,,A,+263771234567,5,USD" for number in range(MOST_ROWS))
    assert len(read(f"{HEADER}\n{rows}").rows) == MOST_ROWS
    assert "more than 20000 rows" in faults(f"{HEADER}\n{rows}\n{ROW}")[0]


def test_control_characters_are_refused() -> None:
    named = faults(f"{HEADER}\n{ROW}".replace("Tendai", "Ten\0dai"))
    assert named == [
        "line 2, customer_name: holds a line break, a tab or another control character"
    ]


@given(st.text(max_size=300))
def test_no_file_breaks_the_reader(text: str) -> None:
    try:
        reading = read(f"{HEADER}\n{text}")
    except ImportRefused:
        return
    assert len({row.key for row in reading.rows}) == len(reading.rows)
