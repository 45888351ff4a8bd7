"""People of staff, where no page leads: the machine's own acts, passwords, codes."""

import pyotp
import pytest
from sqlalchemy.exc import NoResultFound

from domain.database import Database, transaction
from domain.models import Staff
from domain.sealing import Sealer
from domain.staff import authenticators, passwords, people
from domain.staff.pairs import Unfit, second_of
from domain.staff.passwords import Weak
from domain.staff.people import ADMIN, OPERATOR, Bar, Place
from domain.staff.trail import MACHINE, By
from domain.wishes import NotDone
from tests import factories

SEALER = Sealer.of("authenticators", "a secret for tests, of a fair length")


def test_the_last_admin_is_not_made_an_operators(database: Database) -> None:  # noqa: ARG001
    with transaction() as db:
        owner = factories.operator(db)
        anna = factories.staff(db, "anna@example.com")
        place = Place(OPERATOR, owner.id)
        assert people.change_place(db, MACHINE, anna.id, place) == NotDone(Bar.LAST_ADMIN)
        factories.staff(db, "ben@example.com")
        assert people.change_place(db, MACHINE, anna.id, place) is None


def test_only_an_admin_who_is_not_disabled_acts(database: Database) -> None:  # noqa: ARG001
    with transaction() as db:
        owner = factories.operator(db)
        factories.staff(db, "anna@example.com")
        own = factories.staff(db, "own@example.com", owner)
        other = factories.staff(db, "other@example.com", owner)
        by = By(own.id, own.email)
        refused = NotDone(Bar.NOT_ADMIN)
        assert people.disable(db, by, other.id) == refused
        assert people.make_link(db, by, other.id) == refused
        assert people.invite(db, by, "new@example.com", Place(ADMIN, None)) == refused
        assert people.change_place(db, by, own.id, Place(ADMIN, None)) == refused
        with pytest.raises(NoResultFound):
            people.disable(db, MACHINE, 999)


def test_who_was_let_in_is_no_second_person_for_who_let_them_in(
    database: Database,  # noqa: ARG001
) -> None:
    with transaction() as db:
        anna = factories.staff(db, "anna@example.com")
        made = people.invite(db, By(anna.id, anna.email), "carl@example.com", Place(ADMIN, None))
        assert isinstance(made, people.Link)
        people.make_approver(db, MACHINE, made.staff_id)
        assert second_of(db, anna.id, made.staff_id, None) is Unfit.VOUCHED_FOR
        ben = factories.staff(db, "ben@example.com")
        assert second_of(db, ben.id, made.staff_id, None) is Unfit.NOT_APPROVER


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" Rudo@Example.com ", "rudo@example.com"),
        ("rudo@example.co.zw", "rudo@example.co.zw"),
        ("rudo", None),
        ("rudo@example", None),
        ("ru do@example.com", None),
        ("a@b.com,c@d.com", None),
        ("r" * 250 + "@example.com", None),
    ],
)
def test_an_address_is_read(text: str, address: str | None) -> None:
    assert people.read_email(text) == address


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("elevenchars", Weak.TOO_SHORT),
        ("twelve chars", None),
        ("x" * 201, Weak.TOO_LONG),
        ("aaaaaaaaaaaaaaaa", Weak.COMMON),
        ("123412341234123", Weak.COMMON),
        ("QWERTYUIOP123", Weak.COMMON),
        ("Rudo@Example.com", Weak.OWN_EMAIL),
        ("пароль из слов", None),
        ("quiet river stone lamp", None),
    ],
)
def test_a_password_is_long_and_not_what_everybody_tries(password: str, why: Weak | None) -> None:
    assert passwords.weakness(password, "rudo@example.com") is why


def test_a_password_is_the_same_from_another_keyboard() -> None:
    composed, decomposed = "caf\u00e9 of the hill", "cafe\u0301 of the hill"
    kept = passwords.hashed(composed)
    assert passwords.fits(kept, decomposed)
    assert not passwords.fits(kept, "cafe of the hill")
    assert not passwords.fits("not a hash", composed)
    assert kept.startswith("$argon2id$")


def test_an_authenticators_secret_is_kept_sealed_and_shown_by_nothing(
    database: Database,  # noqa: ARG001
) -> None:
    offer = authenticators.offer()
    with transaction() as db:
        anna = factories.staff(db, "anna@example.com")
        code = pyotp.TOTP(offer.secret).now()
        by = By(anna.id, anna.email)
        assert authenticators.set_up(db, by, offer, code, SEALER, "token")
    with transaction() as db:
        sealed = db.get_one(Staff, anna.id).totp_sealed
    assert sealed is not None
    assert offer.secret.encode() not in sealed
    assert offer.secret not in repr(offer)
    assert offer.codes[0] not in repr(offer)
    address = offer.address("anna@example.com")
    assert address.startswith("otpauth://totp/Tourpay:anna%40example.com?secret=")


def test_recovery_codes_are_of_80_bits_and_unlike_each_other() -> None:
    codes = authenticators.offer().codes
    assert len(set(codes)) == 10
    letters = {letter for code in codes for letter in code}
    assert letters <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ-")
    assert {len(code.replace("-", "")) for code in codes} == {16}


def test_an_authenticator_sealed_with_a_lost_key_fits_no_code_and_recovery_codes_serve(
    database: Database,  # noqa: ARG001 - it is the current one
) -> None:
    offered = authenticators.offer()
    code = pyotp.TOTP(offered.secret).now()
    lost, present = Sealer.of("authenticators", "lost"), Sealer.of("authenticators", "present")
    with transaction() as db:
        person = factories.staff(db, "anna@example.com")
        assert authenticators.set_up(db, By(person.id, person.email), offered, code, lost, "t")
        person_id = person.id
    with transaction() as db:
        assert authenticators.accept(db, person_id, code, present) is None
        assert authenticators.accept(db, person_id, offered.codes[0], present) is not None
