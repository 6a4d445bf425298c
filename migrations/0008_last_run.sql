-- Which run a command worked on last: runs are found again and gone on with, so the newest is
-- not always the last.
ALTER TABLE runs ADD COLUMN asked_at INTEGER /* when a command last opened it, milliseconds since 1970, and later than for any other run; NULL where only its beginning is known */;
