curl 
-X POST 
-u "<client_id>:<client_secret>" 
-H 'content-type: application/x-www-form-urlencoded;charset=UTF-8' 
-d "grant_type=password" 
-d "username=<user>" 
-d "password=<password>" 
-d 'scope=urn:opc:idm:t.user.me' 
"https://<stripe>.identity.oraclecloud.com:443/oauth2/v1/token"
