-- A refund is sent once, and what it asked for never changes.

CREATE TRIGGER refund_not_deleted BEFORE DELETE ON refund
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE FUNCTION guard_refund() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF ROW(NEW.id, NEW.payment_id, NEW.amount_minor, NEW.way, NEW.reason, NEW.requested_by, NEW.created_at)
       IS DISTINCT FROM
       ROW(OLD.id, OLD.payment_id, OLD.amount_minor, OLD.way, OLD.reason, OLD.requested_by, OLD.created_at) THEN
        RAISE EXCEPTION 'what a refund asked for never changes'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (OLD.sent_at IS NOT NULL AND NEW.sent_at IS DISTINCT FROM OLD.sent_at)
       OR (OLD.receipt IS NOT NULL AND NEW.receipt IS DISTINCT FROM OLD.receipt) THEN
        RAISE EXCEPTION 'a refund is sent once' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    -- What was never sent cannot have been heard of; what outside staff gave back was never sent.
    IF NEW.status <> OLD.status AND NOT (CASE OLD.status
        WHEN 'requested' THEN NEW.status IN ('approved', 'failed')
        WHEN 'approved' THEN NEW.status = 'failed' OR (NEW.status = 'sending' AND OLD.sent_at IS NULL)
            OR (NEW.status = 'succeeded' AND NEW.way = 'outside')
        WHEN 'sending' THEN NEW.status IN ('pending', 'uncertain', 'succeeded', 'failed')
        WHEN 'uncertain' THEN NEW.status IN ('pending', 'succeeded', 'failed')
        WHEN 'pending' THEN NEW.status IN ('succeeded', 'failed')
        WHEN 'failed' THEN NEW.status IN ('pending', 'succeeded') AND OLD.sent_at IS NOT NULL
        ELSE false END) THEN
        RAISE EXCEPTION 'a refund does not move from % to %', OLD.status, NEW.status
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refund_guard BEFORE UPDATE ON refund
    FOR EACH ROW EXECUTE FUNCTION guard_refund();
