"""What the simulated Cashfree shows of its book: the entities of its API and of its webhooks."""

from providers.simulators.cashfree.book import Link, Order, Payment, Refund
from providers.simulators.cashfree.wire import Fields, india, picture, rupees

_MESSAGES = {
    "SUCCESS": "00::Transaction success",
    "FAILED": "Transaction failed",
    "USER_DROPPED": "User dropped and did not complete the two factor authentication",
    "PENDING": "Transaction is pending",
}


def link_entity(link: Link) -> Fields:
    return {
        "cf_link_id": link.cf_link_id,
        "link_id": link.link_id,
        "link_status": link.status,
        "link_currency": link.currency,
        "link_amount": rupees(link.amount_minor),
        "link_amount_paid": rupees(link.paid_minor),
        "link_partial_payments": False,
        "link_minimum_partial_amount": None,
        "link_purpose": link.purpose,
        "link_created_at": india(link.created_at),
        "customer_details": link.customer,
        "link_meta": link.meta,
        "link_url": link.url,
        "link_expiry_time": india(link.expires_at),
        "link_notes": link.notes or {},
        "link_auto_reminders": False,
        "link_notify": {"send_sms": False, "send_email": False},
        "link_qrcode": picture(link.url),
    }


def order_entity(order: Order) -> Fields:
    customer: Fields = {"customer_name": None, "customer_email": None, **order.customer}
    if order.link is None:
        customer["customer_uid"] = None
    entity: Fields = {
        "cf_order_id": order.cf_order_id,
        "order_id": order.order_id,
        "entity": "order",
        "order_currency": order.currency,
        "order_amount": rupees(order.amount_minor),
        "order_status": order.status,
        "payment_session_id": order.session,
        "order_expiry_time": india(order.expires_at),
        "order_note": order.note,
        "created_at": india(order.created_at),
        "customer_details": customer,
        "order_meta": {"return_url": None, "notify_url": None, **order.meta},
        "order_tags": order.tags,
        "order_splits": [],
        "cart_details": None,
        "terminal_data": None,
    }
    return entity if order.link is None else {"link_id": order.link.link_id, **entity}


def payment_entity(payment: Payment) -> Fields:
    return {
        "cf_payment_id": payment.cf_payment_id,
        "order_id": payment.order.order_id,
        "entity": "payment",
        "is_captured": payment.status == "SUCCESS",
        "order_amount": rupees(payment.order.amount_minor),
        "order_currency": payment.order.currency,
        "payment_amount": rupees(payment.amount_minor),
        "payment_currency": payment.currency,
        "payment_group": payment.group,
        "payment_time": india(payment.begun_at),
        "payment_completion_time": None if payment.ended_at is None else india(payment.ended_at),
        "payment_status": payment.status,
        "payment_message": _MESSAGES.get(payment.status, payment.status),
        "bank_reference": f"5125{payment.cf_payment_id[-8:]}",
        "auth_id": None,
        "payment_method": payment.method,
        "error_details": _error(payment),
    }


def refund_entity(refund: Refund) -> Fields:
    status = refund.status
    return {
        "cf_payment_id": refund.payment.cf_payment_id,
        "cf_refund_id": refund.cf_refund_id,
        "refund_id": refund.refund_id,
        "order_id": refund.payment.order.order_id,
        "entity": "refund",
        "refund_amount": rupees(refund.amount_minor),
        "refund_currency": refund.payment.currency,
        "refund_note": refund.note,
        "refund_status": status,
        "refund_type": refund.kind,
        "refund_mode": refund.speed,
        "refund_arn": f"ARN{refund.cf_refund_id}" if status == "SUCCESS" else None,
        "status_description": "In Progress" if status == "PENDING" else status.capitalize(),
        "refund_charge": rupees(0),
        "created_at": india(refund.created_at),
        "processed_at": india(refund.settles_at) if status == "SUCCESS" else None,
        "refund_splits": [],
    }


def payment_event(payment: Payment) -> Fields:
    """The data of a PAYMENT_…_WEBHOOK."""
    order = payment.order
    data: Fields = {
        "order": {
            "order_id": order.order_id,
            "order_amount": rupees(order.amount_minor),
            "order_currency": order.currency,
            "order_tags": order.tags,
        },
        "payment": {
            name: value
            for name, value in payment_entity(payment).items()
            if name.startswith(("cf_", "payment_", "bank_", "auth_"))
            and name != "payment_completion_time"
        },
        "customer_details": {"customer_name": None, "customer_email": None, **order.customer},
        "payment_gateway_details": {
            "gateway_name": "CASHFREE",
            "gateway_order_id": order.cf_order_id,
            "gateway_payment_id": payment.cf_payment_id,
        },
        "payment_offers": None,
    }
    error = _error(payment)
    return data if error is None else {**data, "error_details": error}


def link_event(link: Link, payment: Payment | None) -> Fields:
    """The data of a PAYMENT_LINK_EVENT: amounts are texts there, and its ids numbers."""
    data = link_entity(link)
    del data["link_qrcode"]
    data["cf_link_id"] = int(link.cf_link_id)
    data["link_amount"] = f"{rupees(link.amount_minor)}"
    data["link_amount_paid"] = f"{rupees(link.paid_minor)}"
    if payment is not None:
        data["order"] = {
            "order_amount": f"{rupees(payment.order.amount_minor)}",
            "order_id": payment.order.order_id,
            "order_expiry_time": india(payment.order.expires_at),
            "order_hash": link.token,
            "transaction_id": int(payment.cf_payment_id),
            "transaction_status": payment.status,
        }
    return data


def _error(payment: Payment) -> Fields | None:
    if not payment.error_code:
        return None
    return {
        "error_code": "TRANSACTION_DECLINED",
        "error_description": "issuer bank or payment service provider declined the transaction",
        "error_reason": payment.error_code,
        "error_source": "customer",
        "error_code_raw": "ZM",
        "error_description_raw": payment.error_code.upper(),
        "error_subcode_raw": "",
    }
