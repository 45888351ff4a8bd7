"""The simulated Omari's own book: who was sent which code, what was asked, what was taken.

Kept by SQLite, in memory or in a file; a file survives the death of the process.
"""

import secrets
import sqlite3
import string
import threading
import time
import weakref
from dataclasses import dataclass
from pathlib import Path

_LETTERS = string.ascii_uppercase
_RECEIPT_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

_TABLES = """
CREATE TABLE IF NOT EXISTS auth (
    reference TEXT PRIMARY KEY, msisdn TEXT, amount_minor INTEGER, currency TEXT, channel TEXT,
    otp TEXT, otp_reference TEXT, created_at REAL, expires_at REAL,
    wrong_codes INTEGER DEFAULT 0, failed_code TEXT);
CREATE TABLE IF NOT EXISTS debit (
    reference TEXT PRIMARY KEY REFERENCES auth, msisdn TEXT, amount_minor INTEGER, currency TEXT,
    payment_reference TEXT UNIQUE, debit_reference TEXT UNIQUE, debited_at REAL);
CREATE TABLE IF NOT EXISTS received (operation TEXT, reference TEXT, received_at REAL);
CREATE TABLE IF NOT EXISTS sms (
    msisdn TEXT, text TEXT, otp TEXT, otp_reference TEXT, sent_at REAL);
"""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the simulated Omari allows. `fixed_otp` replaces the random codes."""

    merchant_name: str
    session_seconds: float
    otp_tries: int
    opening_balance_minor: int
    fixed_otp: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """One /auth, as it came in. `amount_text` is the amount with its two digits."""

    msisdn: str
    reference: str
    amount_minor: int
    currency: str
    channel: str

    @property
    def amount_text(self) -> str:
        return f"{self.amount_minor // 100}.{self.amount_minor % 100:02d}"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a payment stands: `Pending`, `Success`, `Failed` or `Expired`, with its code."""

    asked: Asked
    word: str
    code: str
    created_at: float
    payment_reference: str | None
    debit_reference: str | None
    debited_at: float | None


class OmariBook:
    """Every method is one transaction; threads and processes may share the book."""

    def __init__(self, path: Path | None, terms: Terms) -> None:
        self._terms = terms
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, timeout=10)
        weakref.finalize(self, self._db.close)
        self._db.row_factory = sqlite3.Row
        # The book must survive the death of this process, not of the machine.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.executescript(_TABLES)

    def receive(self, operation: str, reference: str) -> None:
        """Note that a request came, whatever becomes of it."""
        with self._lock, self._db:
            self._db.execute(
                "INSERT INTO received VALUES (?, ?, ?)", (operation, reference, time.time())
            )

    def authorise(self, asked: Asked) -> str | None:
        """Open a payment and send its code; returns the code's reference, None for a duplicate."""
        otp = self._terms.fixed_otp or f"{secrets.randbelow(10**6):06d}"
        otp_reference = "".join(secrets.choice(_LETTERS) for _ in range(4))
        now = time.time()
        with self._lock, self._db:
            done = self._db.execute(
                "INSERT OR IGNORE INTO auth (reference, msisdn, amount_minor, currency, channel,"
                " otp, otp_reference, created_at, expires_at) VALUES (?,?,?,?,?,?,?,?,?)",
                (asked.reference, asked.msisdn, asked.amount_minor, asked.currency, asked.channel)
                + (otp, otp_reference, now, now + self._terms.session_seconds),
            )
            if done.rowcount == 0:
                return None
            text = (
                f"Omari: {asked.currency} {asked.amount_text} to {self._terms.merchant_name}."
                f" OTP {otp} valid {self._validity()}. Ref {otp_reference}."
                " Never share your PIN."
            )
            self._db.execute(
                "INSERT INTO sms VALUES (?,?,?,?,?)", (asked.msisdn, text, otp, otp_reference, now)
            )
        return otp_reference

    def pay(self, msisdn: str, reference: str, otp: str, refusal: str | None) -> str:
        """Take the money if all is right; returns the code that says what became of it.

        `refusal` is the code with which this wallet refuses, once the customer's code is right.
        """
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            row = self._auth(reference)
            if row is None or row["msisdn"] != msisdn:
                return "025"
            if self._debit(reference) is not None:
                return "026"
            if row["failed_code"] is not None:
                return str(row["failed_code"])
            if time.time() >= row["expires_at"]:
                return "054"
            if not secrets.compare_digest(otp.encode(), row["otp"].encode()):
                return self._strike(row)
            if self._balance(msisdn, row["currency"]) < row["amount_minor"]:
                refusal = "051"
            if refusal is not None:
                return self._fail(reference, refusal)
            self._db.execute(
                "INSERT INTO debit VALUES (?,?,?,?,?,?,?)",
                (reference, msisdn, row["amount_minor"], row["currency"])
                + (_receipt(), secrets.token_hex(6), time.time()),
            )
        return "000"

    def standing(self, reference: str) -> Standing | None:
        """What a query would tell; None for a reference that was never authorised."""
        with self._lock:
            row, debit = self._auth(reference), self._debit(reference)
        if row is None:
            return None
        if debit is not None:
            word, code = "Success", "000"
        elif row["failed_code"] is not None:
            word, code = "Failed", str(row["failed_code"])
        elif time.time() >= row["expires_at"]:
            word, code = "Expired", "054"
        else:
            word, code = "Pending", "009"
        asked = Asked(
            row["msisdn"], reference, row["amount_minor"], row["currency"], row["channel"]
        )
        if debit is None:
            return Standing(asked, word, code, row["created_at"], None, None, None)
        references = (debit["payment_reference"], debit["debit_reference"], debit["debited_at"])
        return Standing(asked, word, code, row["created_at"], *references)

    def inbox(self, msisdn: str) -> list[dict[str, object]]:
        """The SMS that this number got, oldest first."""
        rows = self._rows("SELECT * FROM sms WHERE msisdn = ? ORDER BY rowid", msisdn)
        return [
            {
                "text": row["text"],
                "otp": row["otp"],
                "otpReference": row["otp_reference"],
                "at": row["sent_at"],
            }
            for row in rows
        ]

    def listing(self) -> dict[str, object]:
        """The whole book: auths, debits, and how often each operation was asked per reference."""
        requests: dict[str, dict[str, int]] = {}
        counted = "SELECT operation, reference, count(*) AS n FROM received GROUP BY 1, 2"
        for row in self._rows(counted):
            requests.setdefault(row["reference"], {})[row["operation"]] = row["n"]
        return {
            "auths": [dict(row) for row in self._rows("SELECT * FROM auth ORDER BY rowid")],
            "debits": [dict(row) for row in self._rows("SELECT * FROM debit ORDER BY rowid")],
            "requests": requests,
        }

    def end(self, msisdn: str) -> None:
        """Let what waits for this number's code run out, as its session's end would."""
        with self._lock, self._db:
            self._db.execute(
                "UPDATE auth SET expires_at = ? WHERE msisdn = ?", (time.time(), msisdn)
            )

    def reset(self) -> None:
        """Forget everything."""
        with self._lock, self._db:
            for table in ("debit", "auth", "received", "sms"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - names of this file

    def _auth(self, reference: str) -> sqlite3.Row | None:
        return self._one("SELECT * FROM auth WHERE reference = ?", reference)

    def _debit(self, reference: str) -> sqlite3.Row | None:
        return self._one("SELECT * FROM debit WHERE reference = ?", reference)

    def _balance(self, msisdn: str, currency: str) -> int:
        spent = "SELECT sum(amount_minor) AS n FROM debit WHERE msisdn = ? AND currency = ?"
        row = self._one(spent, msisdn, currency)
        return self._terms.opening_balance_minor - (row["n"] or 0 if row else 0)

    def _strike(self, row: sqlite3.Row) -> str:
        """Count a wrong code; the last one that is allowed ends the payment."""
        self._db.execute(
            "UPDATE auth SET wrong_codes = wrong_codes + 1 WHERE reference = ?", (row["reference"],)
        )
        if row["wrong_codes"] + 1 >= self._terms.otp_tries:
            return self._fail(row["reference"], "075")
        return "055"

    def _fail(self, reference: str, code: str) -> str:
        self._db.execute("UPDATE auth SET failed_code = ? WHERE reference = ?", (code, reference))
        return code

    def _validity(self) -> str:
        seconds = self._terms.session_seconds
        return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} sec"

    def _one(self, query: str, *values: object) -> sqlite3.Row | None:
        rows = self._rows(query, *values)
        return rows[0] if rows else None

    def _rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(query, values).fetchall()


def _receipt() -> str:
    return "".join(secrets.choice(_RECEIPT_LETTERS) for _ in range(26))
