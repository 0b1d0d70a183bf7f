echo -n "clientid:clientsecret" | base64 -w 0
