"""What people type, read by small grammars.

No reader raises, whatever the text; what has two readings is asked about.
"""

from flows.answers.amounts import (
    AmountFault,
    AmountReading,
    BadAmount,
    Deposit,
    DoubtfulAmount,
    Exactly,
    Fraction,
    NotAnAmount,
    OtherCurrency,
    WholeBalance,
    read_amount,
)
from flows.answers.codes import DoubtfulOtp, NegatedOtp, NotAnOtp, Otp, OtpReading, read_otp
from flows.answers.commands import Command, CommandReading, is_slip, read_command, read_language
from flows.answers.payer_numbers import (
    BadNumber,
    NotANumber,
    NumberReading,
    PayerNumber,
    SenderNumber,
    example_number,
    read_payer_number,
)
from flows.answers.reference_questions import ReferenceQuestion, read_reference_question
from flows.answers.references import References, read_references
from flows.answers.text import normalize
from flows.answers.text import words as spoken
from flows.answers.ways import NamedWay, names_provider, read_go, read_paid, read_ways
from flows.answers.yes_no import YesNo, names_yes_or_no, read_yes_no

__all__ = [
    "AmountFault",
    "AmountReading",
    "BadAmount",
    "BadNumber",
    "Command",
    "CommandReading",
    "Deposit",
    "DoubtfulAmount",
    "DoubtfulOtp",
    "Exactly",
    "Fraction",
    "NamedWay",
    "NegatedOtp",
    "NotANumber",
    "NotAnAmount",
    "NotAnOtp",
    "NumberReading",
    "OtherCurrency",
    "Otp",
    "OtpReading",
    "PayerNumber",
    "ReferenceQuestion",
    "References",
    "SenderNumber",
    "WholeBalance",
    "YesNo",
    "example_number",
    "normalize",
    "is_slip",
    "names_provider",
    "names_yes_or_no",
    "read_amount",
    "read_command",
    "read_go",
    "read_language",
    "read_otp",
    "read_paid",
    "read_payer_number",
    "read_reference_question",
    "read_references",
    "read_ways",
    "read_yes_no",
    "spoken",
]
