curl -k -i -H "Authorization: Basic <Base64 Encoded Outh Cred>" -H "Content-Type: application/x-www-form-urlencoded; charset=UTF-8"
--request POST https://<iam_tenant>:443/oauth2/v1/token -d
"grant_type=password&scope=urn:opc:idm:__myscopes__+offline_access&username=<userid>&password=<Password>"
