-- What somebody proposed never changes, and a decision is for ever.

CREATE TRIGGER proposal_not_deleted BEFORE DELETE ON proposal
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE FUNCTION guard_proposal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The secrets that it carried are dropped once it is decided.
    IF ROW(NEW.id, NEW.act, NEW.subject, NEW.operator_id, NEW.detail, NEW.evidence, NEW.proposed_by,
           NEW.not_before, NEW.created_at)
       IS DISTINCT FROM
       ROW(OLD.id, OLD.act, OLD.subject, OLD.operator_id, OLD.detail, OLD.evidence, OLD.proposed_by,
           OLD.not_before, OLD.created_at)
       OR (NEW.sealed IS DISTINCT FROM OLD.sealed AND NEW.sealed IS NOT NULL) THEN
        RAISE EXCEPTION 'what was proposed never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.status <> 'proposed' THEN
        RAISE EXCEPTION 'a proposal is decided once' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER proposal_guard BEFORE UPDATE ON proposal
    FOR EACH ROW EXECUTE FUNCTION guard_proposal();

-- What people post by hand goes to or from a booking, and says by what evidence.
ALTER TABLE transfer ADD CONSTRAINT ck_transfer_by_hand_has_evidence
    CHECK (kind NOT IN ('outside', 'move') OR (booking_id IS NOT NULL AND evidence_id IS NOT NULL));
