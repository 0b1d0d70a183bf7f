"""Administers a server with Oracle's own SDK. It is given the base URL, a CA file, an access token, a password, and the id of another user."""

import sys

import oci
from oci.identity_domains import IdentityDomainsClient, models
from oci.signer import AbstractBaseSigner

BASE_URL, CA_FILE, TOKEN, PASSWORD = sys.argv[1:5]
APP = "urn:ietf:params:scim:schemas:oracle:idcs:App"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
GRANT = "urn:ietf:params:scim:schemas:oracle:idcs:Grant"
STATUS = "urn:ietf:params:scim:schemas:oracle:idcs:AppStatusChanger"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


class Bearer(oci.auth.signers.SecurityTokenSigner):
    """Puts an access token where the SDK would put a signature."""

    def __init__(self, token):
        self.token = token

    def __call__(self, request, enforce_content_headers=True):
        request.headers["Authorization"] = "Bearer " + self.token
        return request


def client_for(token):
    client = IdentityDomainsClient({}, BASE_URL, signer=Bearer(token), retry_strategy=oci.retry.NoneRetryStrategy())
    client.base_client.session.verify = CA_FILE
    return client


def same(what, got, want):
    assert got == want, f"{what}: {got!r} instead of {want!r}"


def refused(what, status, call):
    try:
        call()
    except oci.exceptions.ServiceError as error:
        same(what, error.status, status)
        return
    raise AssertionError(f"{what}: nothing was refused")


def replace(path, value):
    return models.Operations(op=models.Operations.OP_REPLACE, path=path, value=value)


def apps(client):
    new = models.App(
        schemas=[APP],
        display_name="Control-M",
        based_on_template=models.AppBasedOnTemplate(value="CustomWebAppTemplateId"),
        client_type="confidential",
        is_o_auth_client=True,
        is_o_auth_resource=True,
        active=False,
        allowed_grants=["client_credentials", "authorization_code", "refresh_token"],
        redirect_uris=["https://controlm.example/callback"],
        audience="https://controlm.example",
        scopes=[models.AppScopes(value="/read", requires_consent=True)],
        access_token_expiry=900,
    )
    made = client.create_app(app=new)
    same("the status of a new app", made.status, 201)
    app = made.data
    same("the length of an id", (len(app.id), len(app.name), len(app.client_secret)), (32, 32, 36))
    same("the scope", (app.scopes[0].fqs, app.scopes[0].requires_consent), ("https://controlm.example/read", True))
    same("the type", (app.active, app.access_token_expiry, app.meta.resource_type), (False, 900, "App"))
    status = models.AppStatusChanger(active=True, schemas=[STATUS])
    same("the switch", client.put_app_status_changer(app.id, app_status_changer=status).data.active, True)
    read = client.get_app(app.id).data
    same("the app", (read.active, read.client_secret, read.idcs_created_by.display), (True, None, "admin"))
    change = models.PatchOp(schemas=[PATCH], operations=[replace("description", "Starts the night")])
    changed = client.patch_app(app.id, patch_op=change, if_match=read.meta.version).data
    same("the description", changed.description, "Starts the night")
    refused("a version of yesterday", 412, lambda: client.patch_app(app.id, patch_op=change, if_match=read.meta.version))
    changed.display_name = "Control-M 2"
    same("what was read is written", client.put_app(app.id, app=changed).data.display_name, "Control-M 2")
    return app


def users(client):
    new = models.User(
        schemas=[USER],
        user_name="maria",
        name=models.UserName(given_name="Maria", family_name="Night"),
        emails=[models.UserEmails(value="maria@bank.example", type="work", primary=True)],
        password=PASSWORD,
        active=True,
    )
    user = client.create_user(user=new).data
    same("the name", (user.user_name, user.name.formatted, user.password), ("maria", "Maria Night", None))
    same("the address", (user.emails[0].value, user.emails[0].primary), ("maria@bank.example", True))
    refused("the same name again", 409, lambda: client.create_user(user=new))
    change = models.PatchOp(schemas=[PATCH], operations=[replace("title", "Night shift")])
    same("the title", client.patch_user(user.id, patch_op=change).data.title, "Night shift")
    return user


def groups(client, user):
    new = models.Group(
        schemas=[GROUP], display_name="Operators", members=[models.GroupMembers(value=user.id, type="User")]
    )
    group = client.create_group(group=new).data
    same("the members", [(member.value, member.name) for member in group.members], [(user.id, "maria")])
    found = client.get_user(user.id, attributes="groups").data
    same("the groups of a user", [group.display for group in found.groups], ["Operators"])
    return group


def grants(client, group):
    roles = client.list_app_roles(filter='displayName eq "BATCH_EXEC"').data
    role = roles.resources[0]
    same("the app of the role", (roles.total_results, role.app.display), (1, "Dayend"))
    new = models.Grant(
        schemas=[GRANT],
        grant_mechanism="ADMINISTRATOR_TO_GROUP",
        grantee=models.GrantGrantee(value=group.id, type="Group"),
        app=models.GrantApp(value=role.app.value),
        entitlement=models.GrantEntitlement(attribute_name="appRoles", attribute_value=role.id),
    )
    grant = client.create_grant(grant=new).data
    same("the grant", (grant.grantee.value, grant.entitlement.attribute_value), (group.id, role.id))
    listed = client.list_grants(filter=f'grantee.value eq "{group.id}"').data
    same("the grants of the group", [grant.id for grant in listed.resources], [grant.id])
    return grant


def lists(client):
    for name in ["anna", "bernd", "carla"]:
        client.create_user(user=models.User(schemas=[USER], user_name=name, name=models.UserName(family_name=name)))
    page = client.list_users(filter='userName sw "a" or userName eq "carla"', sort_by="userName", count=2).data
    same("the first page", [user.user_name for user in page.resources], ["admin", "anna"])
    same("its numbers", (page.total_results, page.start_index, page.items_per_page), (3, 1, 2))
    page = client.list_users(
        filter='userName sw "a" or userName eq "carla"', sort_by="userName", start_index=3, attributes="userName"
    ).data
    same("the rest", [(user.user_name, user.display_name) for user in page.resources], [("carla", None)])
    names, next_page = [], None
    while True:
        more = {"page": next_page} if next_page else {}
        answer = client.list_users(sort_by="userName", limit=2, **more)
        names += [user.user_name for user in answer.data.resources]
        next_page = answer.next_page
        if not answer.has_next_page:
            break
    same("all pages", names, ["admin", "anna", "bernd", "carla", "maria"])
    search = models.UserSearchRequest(schemas=[SEARCH], filter='userName eq "bernd"', attributes=["userName"])
    same("a search", client.search_users(user_search_request=search).data.total_results, 1)
    refused("a filter that is none", 400, lambda: client.list_users(filter="userName eq"))


def main():
    client = client_for(TOKEN)
    app, user = apps(client), users(client)
    group = groups(client, user)
    grant = grants(client, group)
    lists(client)
    same("oneself", client.get_me().data.user_name, "admin")
    for delete, id_ in [
        (client.delete_grant, grant.id),
        (client.delete_group, group.id),
        (client.delete_user, user.id),
        (client.delete_app, app.id),
    ]:
        same("the status of a deletion", delete(id_).status, 204)
    refused("what is gone", 404, lambda: client.get_app(app.id))
    refused("a token that is none", 401, lambda: client_for("none").get_me())
    print("all is as it should be")


main()
