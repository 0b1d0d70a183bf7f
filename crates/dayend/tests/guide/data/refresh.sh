curl -k -i -H "Authorization: Basic <base64Encoded clientid:secret>" -H
"Content-Type:
    application/x-www-form-urlencoded;charset=UTF-8" --request POST
    https://<IdentityDomainURL>/oauth2/v1/token -d
"scope=urn:opc:idm:__myscopes__&grant_type=refresh_token&refresh_token=<refresh_token>"
