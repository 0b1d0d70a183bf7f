curl -i -H "ofs_service_id:<Service ID>" -H "ofs_remote_user:<User ID>" -H
    "ofs_tenant_id:<Tenant ID>" -H "ofs_workspace_id:WS001" -H
"locale:en-US" -H
    "Content-Type: application/json" -H "Authorization: Bearer
<BEARER_TOKEN>" -X POST
    <APPLICATION_BASE_PATH>/<URL> -d '<REQUEST_JSON>'
