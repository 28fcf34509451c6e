-- {text} compares bytewise, {bytes} holds any bytes; {clustered} keeps rows in the primary key.
-- Times are milliseconds since 1970. Digests are `algorithm:hex`.

CREATE TABLE repositories (
    name {text} NOT NULL PRIMARY KEY,
    bytes BIGINT NOT NULL DEFAULT 0,
    manifests BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX repositories_listed ON repositories (name) WHERE manifests > 0;

CREATE TABLE blobs (
    digest {text} NOT NULL PRIMARY KEY,
    object {text} NOT NULL UNIQUE,
    size BIGINT NOT NULL,
    quarantined BIGINT NOT NULL DEFAULT 0,
    linked BIGINT NOT NULL
);

CREATE TABLE links (
    repository {text} NOT NULL REFERENCES repositories (name),
    digest {text} NOT NULL REFERENCES blobs (digest),
    size BIGINT NOT NULL,
    leased BIGINT NOT NULL,
    PRIMARY KEY (repository, digest)
) {clustered};
CREATE INDEX links_by_digest ON links (digest, repository);

CREATE TABLE manifests (
    repository {text} NOT NULL REFERENCES repositories (name),
    digest {text} NOT NULL,
    media_type {text} NOT NULL,
    size BIGINT NOT NULL,
    pushed BIGINT NOT NULL,
    subject {text},
    artifact_type {text},
    referrer {text},
    bytes {bytes} NOT NULL,
    PRIMARY KEY (repository, digest)
);
CREATE INDEX manifests_by_subject ON manifests (repository, subject, digest)
    WHERE subject IS NOT NULL;
CREATE INDEX manifests_by_artifact_type ON manifests (repository, subject, artifact_type, digest)
    WHERE subject IS NOT NULL;

CREATE TABLE tags (
    repository {text} NOT NULL,
    name {text} NOT NULL,
    digest {text} NOT NULL,
    updated BIGINT NOT NULL,
    PRIMARY KEY (repository, name),
    FOREIGN KEY (repository, digest) REFERENCES manifests (repository, digest)
) {clustered};
CREATE INDEX tags_by_digest ON tags (repository, digest);

-- A link that a manifest needs cannot go.
CREATE TABLE manifest_blobs (
    repository {text} NOT NULL,
    manifest {text} NOT NULL,
    blob {text} NOT NULL,
    PRIMARY KEY (repository, manifest, blob),
    FOREIGN KEY (repository, manifest) REFERENCES manifests (repository, digest) ON DELETE CASCADE,
    FOREIGN KEY (repository, blob) REFERENCES links (repository, digest) ON DELETE RESTRICT
) {clustered};
CREATE INDEX manifest_blobs_by_blob ON manifest_blobs (repository, blob);

-- The child need not exist.
CREATE TABLE manifest_manifests (
    repository {text} NOT NULL,
    manifest {text} NOT NULL,
    child {text} NOT NULL,
    PRIMARY KEY (repository, manifest, child),
    FOREIGN KEY (repository, manifest) REFERENCES manifests (repository, digest) ON DELETE CASCADE
) {clustered};
CREATE INDEX manifest_manifests_by_child ON manifest_manifests (repository, child);

CREATE TABLE uploads (
    id {text} NOT NULL PRIMARY KEY,
    repository {text} NOT NULL,
    algorithm {text} NOT NULL,
    size BIGINT NOT NULL,
    state {text},
    claim {text},
    lease BIGINT NOT NULL DEFAULT 0,
    active BIGINT NOT NULL
);
CREATE INDEX uploads_by_active ON uploads (active, id);

CREATE TABLE garbage (
    object {text} NOT NULL PRIMARY KEY,
    since BIGINT NOT NULL,
    size BIGINT NOT NULL,
    state {text}
);
CREATE INDEX garbage_by_since ON garbage (since, object);

CREATE TABLE api_keys (
    id {text} NOT NULL PRIMARY KEY,
    owner {text} NOT NULL,
    secret_digest {bytes} NOT NULL,
    description {text} NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT
);

CREATE TABLE events (
    id {text} NOT NULL PRIMARY KEY,
    target {text} NOT NULL,
    body {text} NOT NULL,
    attempts BIGINT NOT NULL,
    created BIGINT NOT NULL,
    due BIGINT NOT NULL
);
CREATE INDEX events_by_target ON events (target, created, id, due);
