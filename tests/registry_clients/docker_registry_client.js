// Pushes and reads an image with docker-registry-client: ADDRESS USER PASSWORD.
'use strict';
const assert = require('assert');
const crypto = require('crypto');
const { Readable } = require('stream');
const registry = require('docker-registry-client');

const [address, username, password] = process.argv.slice(2);
const login = username ? { username, password } : {};
const client = registry.createClientV2({
    name: `https://${address}/acme/node`, maxSchemaVersion: 2, ...login,
});
const call = (name, ...given) => new Promise((resolve, reject) => {
    client[name](...given, (error, ...results) => (error ? reject(error) : resolve(results)));
});
const digestOf = (bytes) => `sha256:${crypto.createHash('sha256').update(bytes).digest('hex')}`;
const describe = (mediaType, bytes) => ({ mediaType, size: bytes.length, digest: digestOf(bytes) });

async function put(bytes) {
    const stream = Readable.from([bytes]);
    await call('blobUpload', { digest: digestOf(bytes), contentLength: bytes.length, stream });
}

async function read(digest) {
    const [stream] = await call('createBlobReadStream', { digest });
    const pieces = [];
    for await (const piece of stream) pieces.push(piece);
    return Buffer.concat(pieces);
}

async function main() {
    const layer = crypto.randomBytes(300000);
    const config = Buffer.from(JSON.stringify({
        architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
    }));
    await put(layer);
    await put(config);
    const docker = 'application/vnd.docker';
    const manifest = JSON.stringify({
        schemaVersion: 2,
        mediaType: `${docker}.distribution.manifest.v2+json`,
        config: describe(`${docker}.container.image.v1+json`, config),
        layers: [describe(`${docker}.image.rootfs.diff.tar`, layer)],
    });
    const [, pushed] = await call('putManifest', { manifest, ref: 'v1' });
    assert.strictEqual(pushed, digestOf(manifest));

    assert.deepStrictEqual((await call('supportsV2'))[0], true);
    assert.deepStrictEqual((await call('listTags'))[0].tags, ['v1']);
    for (const ref of ['v1', pushed]) {
        const [, , text] = await call('getManifest', { ref });
        assert.strictEqual(text, manifest);
    }
    await assert.rejects(call('getManifest', { ref: 'none' }), { statusCode: 404 });
    const [answers] = await call('headBlob', { digest: digestOf(layer) });
    assert.strictEqual(answers.at(-1).headers['content-length'], String(layer.length));
    assert.ok((await read(digestOf(layer))).equals(layer));
    client.close();
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
