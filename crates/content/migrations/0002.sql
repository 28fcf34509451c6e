-- A repository's bytes are those of its blobs and manifests. `reserved` is the size that an upload has
-- or may come to have before it asks again.

UPDATE repositories SET bytes = bytes + (SELECT coalesce(sum(size), 0) FROM manifests
    WHERE manifests.repository = repositories.name);

ALTER TABLE uploads ADD COLUMN reserved BIGINT NOT NULL DEFAULT 0;
CREATE INDEX uploads_by_repository ON uploads (repository);
