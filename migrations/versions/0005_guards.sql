-- What people post by hand goes to or from a booking, and says by what evidence.
ALTER TABLE transfer DROP CONSTRAINT ck_transfer_by_hand_has_evidence;
ALTER TABLE transfer ADD CONSTRAINT ck_transfer_by_hand_has_evidence
    CHECK (kind NOT IN ('outside', 'move', 'taken_back') OR (booking_id IS NOT NULL AND evidence_id IS NOT NULL));

-- What is taken back came from outside to the same booking, and no more of it goes than came.
CREATE FUNCTION guard_taken_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM transfer WHERE id = NEW.takes_back_id FOR NO KEY UPDATE;
    IF NOT EXISTS (
        SELECT FROM transfer came WHERE came.id = NEW.takes_back_id AND came.kind = 'outside'
            AND ROW(came.booking_id, came.currency, came.debit, came.credit)
                = ROW(NEW.booking_id, NEW.currency, NEW.credit, NEW.debit)
            AND came.amount_minor >= (SELECT sum(amount_minor) FROM transfer WHERE takes_back_id = came.id)) THEN
        RAISE EXCEPTION 'only what came from outside is taken back, and once'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER transfer_taken_back_guard AFTER INSERT ON transfer
    FOR EACH ROW WHEN (NEW.kind = 'taken_back') EXECUTE FUNCTION guard_taken_back();
