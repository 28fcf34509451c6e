-- What a mirrored manifest names and its repository does not have yet.
CREATE TABLE mirror_missing (
    repository {text} NOT NULL,
    manifest {text} NOT NULL,
    digest {text} NOT NULL,
    size BIGINT NOT NULL,
    PRIMARY KEY (repository, manifest, digest),
    FOREIGN KEY (repository, manifest) REFERENCES manifests (repository, digest) ON DELETE CASCADE
) {clustered};
CREATE INDEX mirror_missing_by_digest ON mirror_missing (repository, digest);

-- The last answer of an upstream on a tag or digest.
CREATE TABLE mirror_answers (
    repository {text} NOT NULL,
    reference {text} NOT NULL,
    found BIGINT NOT NULL,
    asked BIGINT NOT NULL,
    PRIMARY KEY (repository, reference)
) {clustered};

-- When a mirrored manifest was last asked for. Those below an index have no row.
CREATE TABLE mirror_uses (
    repository {text} NOT NULL,
    manifest {text} NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (repository, manifest),
    FOREIGN KEY (repository, manifest) REFERENCES manifests (repository, digest) ON DELETE CASCADE
) {clustered};
CREATE INDEX mirror_uses_by_used ON mirror_uses (used, repository, manifest);

-- The replica that fetches a blob.
CREATE TABLE mirror_fills (
    repository {text} NOT NULL,
    digest {text} NOT NULL,
    claim {text} NOT NULL,
    lease BIGINT NOT NULL,
    PRIMARY KEY (repository, digest)
) {clustered};
