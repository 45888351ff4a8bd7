-- What the tables cannot say by themselves: what never changes, which way things may go, and that the books agree.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER evidence_append_only BEFORE UPDATE OR DELETE ON evidence
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER transfer_append_only BEFORE UPDATE OR DELETE ON transfer
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER turn_append_only BEFORE UPDATE OR DELETE ON turn
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_event_not_deleted BEFORE DELETE ON payment_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_not_deleted BEFORE DELETE ON payment
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Of a line of the story only this may change: that it was heard, and how often that was tried.
CREATE FUNCTION guard_payment_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(NEW) - 'heard_at' - 'attempts') <> (to_jsonb(OLD) - 'heard_at' - 'attempts')
       OR OLD.heard_at IS NOT NULL THEN
        RAISE EXCEPTION 'payment_event is append-only' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payment_event_guard BEFORE UPDATE ON payment_event
    FOR EACH ROW EXECUTE FUNCTION guard_payment_event();

CREATE FUNCTION guard_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF ROW(NEW.id, NEW.booking_id, NEW.contact_id, NEW.account_id, NEW.provider, NEW.reference, NEW.amount_minor,
           NEW.currency, NEW.payer_number, NEW.replaces, NEW.created_at)
       IS DISTINCT FROM
       ROW(OLD.id, OLD.booking_id, OLD.contact_id, OLD.account_id, OLD.provider, OLD.reference, OLD.amount_minor,
           OLD.currency, OLD.payer_number, OLD.replaces, OLD.created_at) THEN
        RAISE EXCEPTION 'what a payment asked for never changes'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.version < OLD.version OR (NEW.status <> OLD.status AND NEW.version = OLD.version) THEN
        RAISE EXCEPTION 'a payment moves with its story' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.status <> OLD.status AND NOT EXISTS (
        SELECT FROM payment_edge WHERE from_status = OLD.status AND to_status = NEW.status
    ) THEN
        RAISE EXCEPTION 'a payment does not move from % to %', OLD.status, NEW.status
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payment_guard BEFORE UPDATE ON payment
    FOR EACH ROW EXECUTE FUNCTION guard_payment();

CREATE FUNCTION guard_booking() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.reference <> OLD.reference OR NEW.reference_key <> OLD.reference_key THEN
        RAISE EXCEPTION 'a booking''s reference never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER booking_guard BEFORE UPDATE OF reference, reference_key ON booking
    FOR EACH ROW EXECUTE FUNCTION guard_booking();

-- What is delivered does not become undelivered: Twilio's reports arrive late, twice and in any order.
-- `uncertain` may go back to `due` (Twilio's list was asked and does not know it).
CREATE FUNCTION message_rank(status text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE status
        WHEN 'filed' THEN 0 WHEN 'due' THEN 0 WHEN 'sending' THEN 1 WHEN 'uncertain' THEN 2 WHEN 'sent' THEN 3
        WHEN 'delivered' THEN 4 WHEN 'read' THEN 5 ELSE 6 END
$$;
CREATE FUNCTION guard_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF message_rank(NEW.status) < message_rank(OLD.status)
       AND NOT (NEW.status = 'due' AND OLD.status IN ('sending', 'uncertain')) THEN
        RAISE EXCEPTION 'a message does not go back from % to %', OLD.status, NEW.status
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER message_guard BEFORE UPDATE OF status ON message
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION guard_message();

-- At every commit, what a booking says it was paid is what the ledger says. Looked at once all rows stand.
CREATE FUNCTION paid_is_what_the_ledger_says() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    booking_key bigint := CASE TG_TABLE_NAME WHEN 'booking' THEN NEW.id ELSE (to_jsonb(NEW) ->> 'booking_id')::bigint END;
    stated bigint;
    posted bigint;
BEGIN
    SELECT paid_minor INTO stated FROM booking WHERE id = booking_key;
    SELECT coalesce(sum(CASE WHEN credit = 'booking:' || booking_key THEN amount_minor
                             WHEN debit = 'booking:' || booking_key THEN -amount_minor ELSE 0 END), 0)
        INTO posted FROM transfer WHERE booking_id = booking_key;
    IF stated IS DISTINCT FROM posted THEN
        RAISE EXCEPTION 'booking % says % was paid, the ledger says %', booking_key, stated, posted
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER booking_paid_agrees AFTER INSERT OR UPDATE OF paid_minor ON booking
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.paid_minor <> 0)
    EXECUTE FUNCTION paid_is_what_the_ledger_says();
CREATE CONSTRAINT TRIGGER transfer_paid_agrees AFTER INSERT ON transfer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.booking_id IS NOT NULL)
    EXECUTE FUNCTION paid_is_what_the_ledger_says();
