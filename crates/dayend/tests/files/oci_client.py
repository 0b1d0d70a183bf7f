"""Uses links as a client of OCI's object storage does: with the SDK, and with plain requests for what it cannot do with links.

It is given a CA file, a link to read, write and list any object below `in/`, a link for one upload in parts of
`in/large.bin`, and that file.
"""

import base64
import concurrent.futures
import hashlib
import re
import sys

import oci
import requests
from oci.object_storage import ObjectStorageClient, UploadManager

CA_FILE, ANY, ONCE, LARGE = sys.argv[1:5]
PART = 5 << 20
LINK = re.compile(r"(?P<endpoint>https://[^/]+/p/[^/]+)/n/(?P<namespace>[^/]+)/b/(?P<bucket>[^/]+)/o/(?P<object>.*)")


class Nobody(oci.auth.signers.SecurityTokenSigner):
    """Signs nothing: a link needs no signature."""

    def __init__(self):
        pass

    def __call__(self, request, enforce_content_headers=True):
        return request


def same(what, got, want):
    assert got == want, f"{what}: {got!r} instead of {want!r}"


def refused(what, status, code, call):
    try:
        call()
    except oci.exceptions.ServiceError as error:
        same(what, (error.status, error.code), (status, code))
        return
    raise AssertionError(f"{what}: nothing was refused")


def md5(data):
    return base64.b64encode(hashlib.md5(data).digest()).decode()


def with_the_sdk():
    link = LINK.fullmatch(ANY)
    client = ObjectStorageClient(
        {}, signer=Nobody(), service_endpoint=link["endpoint"], retry_strategy=oci.retry.NoneRetryStrategy()
    )
    client.base_client.session.verify = CA_FILE
    place = (link["namespace"], requests.utils.unquote(link["bucket"]))

    text = "Währung;Kurs\nCHF;0.93\n".encode()
    put = client.put_object(
        *place, "in/rates 1.csv", text, content_type="text/csv", content_md5=md5(text), opc_meta={"source": "ecb"}
    )
    same("MD5", put.headers["opc-content-md5"], md5(text))
    head = client.head_object(*place, "in/rates 1.csv").headers
    same("size", head["content-length"], str(len(text)))
    same("type", head["content-type"], "text/csv")
    same("metadata", head["opc-meta-source"], "ecb")
    same("tag", head["etag"], put.headers["etag"])
    got = client.get_object(*place, "in/rates 1.csv")
    same("bytes", got.data.content, text)
    same("range", client.get_object(*place, "in/rates 1.csv", range="bytes=3-6").data.content, text[3:7])
    unchanged = put.headers["etag"]
    refused("condition", 412, "NoEtagMatch", lambda: client.put_object(*place, "in/rates 1.csv", b"", if_none_match="*"))
    refused("unchanged", 304, None, lambda: client.get_object(*place, "in/rates 1.csv", if_none_match=unchanged))
    refused("missing", 404, "ObjectNotFound", lambda: client.get_object(*place, "in/none"))
    refused("elsewhere", 403, "NotAuthorizedOrNotFound", lambda: client.get_object(*place, "out/x"))
    refused("removing", 405, "MethodNotAllowed", lambda: client.delete_object(*place, "in/rates 1.csv"))

    for at in range(3):
        client.put_object(*place, f"in/{at}", str(at))
    manager = UploadManager(client, allow_multipart_uploads=False)
    uploaded = manager.upload_file(*place, "in/managed.bin", LARGE)
    same("upload manager", uploaded.status, 200)
    names, start = [], None
    while True:
        page = client.list_objects(*place, prefix="in/", start=start, limit=2, fields="name,size,md5,etag,timeCreated")
        names += [(found.name, found.size) for found in page.data.objects]
        start = page.data.next_start_with
        if start is None:
            break
    large = open(LARGE, "rb").read()
    want = [("in/0", 1), ("in/1", 1), ("in/2", 1), ("in/managed.bin", len(large)), ("in/rates 1.csv", len(text))]
    same("list", names, want)


def in_parts():
    """As MySQL Shell does it."""
    session = requests.Session()
    session.verify = CA_FILE
    large = open(LARGE, "rb").read()
    begun = session.put(ONCE, headers={"opc-multipart": "true", "content-length": "0"})
    same("begun", begun.status_code, 200)
    begun = begun.json()
    same("object", (begun["object"], begun["storageTier"]), ("in/large.bin", "Standard"))
    access = ONCE.split("/p/")[0] + begun["accessUri"]
    parts = {at + 1: large[at * PART : (at + 1) * PART] for at in range(-(-len(large) // PART))}

    def send(number):
        data = parts[number]
        sent = requests.put(f"{access}{number}", data=data, headers={"content-md5": md5(data)}, verify=CA_FILE)
        same(f"part {number}", (sent.status_code, sent.headers["opc-content-md5"]), (200, md5(data)))
        return {"partNum": number, "etag": sent.headers["etag"]}

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(send, sorted(parts, reverse=True)))
    sent.sort(key=lambda part: part["partNum"])
    wrong = session.post(access, json={"partsToCommit": [*sent[:-1], {**sent[-1], "etag": "another"}]})
    same("another tag", (wrong.status_code, wrong.json()["code"]), (400, "InvalidParameter"))
    same("not there yet", session.get(ANY + "in/large.bin").status_code, 404)
    done = session.post(access, json={"partsToCommit": sent})
    same("commit", done.status_code, 200)
    sums = b"".join(hashlib.md5(parts[part["partNum"]]).digest() for part in sent)
    same("MD5 of parts", done.headers["opc-multipart-md5"], f"{md5(sums)}-{len(sent)}")
    got = session.get(ANY + "in/large.bin")
    same("bytes", (got.status_code, got.content == large), (200, True))
    same("used", session.put(ONCE, data=large).status_code, 403)
    other = session.put(ANY + "in/other.bin", headers={"opc-multipart": "true"}).json()
    access = ONCE.split("/p/")[0] + other["accessUri"]
    same("part", session.put(access + "1", data=b"x").status_code, 200)
    same("abort", session.delete(access).status_code, 204)
    same("gone", session.put(access + "1", data=b"x").json()["code"], "NoSuchUpload")


with_the_sdk()
in_parts()
print("all is as it should be")
