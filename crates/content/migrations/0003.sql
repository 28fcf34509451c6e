-- When the database was made; no row in one that was made before this was asked.

CREATE TABLE lazaret_origin (created BIGINT NOT NULL);
