-- Which files the newest attempt of a task read, waited for and left, with size and checksum: a JSON text.
ALTER TABLE run_nodes ADD COLUMN files TEXT;
