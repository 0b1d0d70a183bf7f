triggered = Objet déclenché avec succès, identifiant d'exécution : { $run }
    .details = Objet déclenché avec succès.
interrupted = Exécution interrompue avec succès, identifiant d'exécution : { $run }
    .details = Exécution interrompue avec succès.
restarted = Objet redémarré avec succès, identifiant d'exécution : { $run }
    .details = Objet déclenché avec succès.
rerun = Objet réexécuté avec succès, identifiant d'exécution : { $run }
    .details = Objet déclenché avec succès.

summary-not-authenticated = La requête n'est pas authentifiée.
summary-headers = En-têtes de requête non valides ou manquants.
summary-arguments = Arguments non valides dans la requête.
summary-body = Le corps de la requête n'a pas été accepté.

token-missing = { summary-not-authenticated }
    .details = La requête ne porte pas de jeton d'accès : envoyez l'en-tête « Authorization: Bearer <token> ».
token-invalid = { summary-not-authenticated }
    .details = Le jeton d'accès n'est pas valide, a expiré ou a été révoqué.
token-repeated = { summary-not-authenticated }
    .details = La requête a plus d'un en-tête « Authorization ».
token-narrow = L'appel n'est pas autorisé.
    .details = Le jeton d'accès est destiné à d'autres services : demandez-en un avec la portée urn:opc:idm:__myscopes__.

header-missing = { summary-headers }
    .details = L'en-tête « { $header } » est absent de la requête.
header-invalid = { summary-headers }
    .details = L'en-tête « { $header } » doit être envoyé une seule fois, avec au plus 128 caractères imprimables.
key-header-invalid = { summary-headers }
    .details = L'en-tête « Idempotency-Key » doit être envoyé une seule fois, avec 1 à 255 caractères ASCII visibles.
unknown-scope = { summary-headers }
    .details = Le locataire, le service ou l'espace de travail des en-têtes n'existe pas ou n'est pas le vôtre.

not-allowed = L'appel n'est pas autorisé.
    .details = { $who } ne détient pas { $function } dans { $scope }.

body-not-json = { summary-arguments }
    .details = Le corps de la requête n'est pas du JSON valide à la ligne { $line }, colonne { $column } : { $problem }.
nested-not-json = { summary-arguments }
    .details = Le texte de « { $key } » n'est pas du JSON valide à la ligne { $line }, colonne { $column } : { $problem }.
body-not-object = { summary-arguments }
    .details = Le corps de la requête doit être un objet JSON.
body-broken = { summary-body }
    .details = Le corps de la requête s'est terminé trop tôt ou est mal délimité.
body-too-large = { summary-body }
    .details = Le corps de la requête dépasse { $limit } octets.
body-too-slow = { summary-body }
    .details = Le corps de la requête n'est pas arrivé à temps.
not-json-type = { summary-body }
    .details = La requête a besoin de l'en-tête « Content-Type: application/json », en UTF-8 et sans « Content-Encoding ».
method-not-allowed = La méthode n'est pas autorisée.
    .details = Cet appel accepte POST, pas { $method }.

key-missing = { summary-arguments }
    .details = « { $key } » manque dans le corps de la requête.
key-wrong = { summary-arguments }
    .details = « { $key } » doit être { $wanted ->
        [codes] une chaîne séparée par des virgules ou un tableau de chaînes
        [object] un objet
        [value] une chaîne, un nombre ou un booléen
        [batch-params] un objet, ou une chaîne qui en contient un, pour un lot
        [group-params] un tableau, ou une chaîne qui en contient un, pour un groupe de lots
       *[text] une chaîne
    }.
keys-contradict = { summary-arguments }
    .details = « { $key } » et « { $other } » se contredisent.
too-many-codes = { summary-arguments }
    .details = « { $key } » a plus de { $limit } entrées.
not-a-batch-type = { summary-arguments }
    .details = « batchType » doit être « rest » ou « group », pas « { $value } ».
not-a-date = { summary-arguments }
    .details = « { $value } » dans « { $key } » n'est pas une date de la forme yyyy-mm-dd.
not-a-name = { summary-arguments }
    .details = « { $key } » a un paramètre sans nom utilisable.
date-of-task = { summary-arguments }
    .details = « { $key } » a une autre date d'arrêté que son lot : indiquez la date dans « batchParams ».
member-repeated = { summary-arguments }
    .details = « dynamicParamList » nomme deux fois le lot « { $batch } ».
unknown-task = { summary-arguments }
    .details = « { $key } » nomme « { $task } », qui n'est pas une tâche.
external-id-invalid = { summary-arguments }
    .details = « externalRunId » doit avoir de 1 à 255 caractères ASCII visibles.
invalid = { summary-arguments }
    .details = « { $key } » n'est pas valide : { $problem }.
key-reused = { summary-arguments }
    .details = La clé d'idempotence « { $key } » a déjà servi pour une autre requête.

not-found = L'objet n'existe pas.
    .details = { $what ->
        [batch] Le lot
        [batch-group] Le groupe de lots
        [run] L'exécution
       *[other] L'objet ({ $what })
    } « { $id } » n'existe pas.
nothing-to-run = Aucun travail à exécuter.
    .details = L'appel a été refusé : { $reason }.
already-interrupted = Le travail est déjà interrompu.
    .details = L'exécution « { $run } » est déjà interrompue.
wrong-state = Le travail n'est ni en cours ni abandonné.
    .details = L'appel a été refusé : { $reason }.
too-many = Trop de requêtes.
    .details = Vous avez envoyé plus de requêtes que permis : rien n'a été fait, répétez la requête dans { $seconds } s.
overloaded = Le serveur a trop à faire.
    .details = Rien n'a été fait : répétez la requête dans un instant.
unavailable = Le serveur n'est pas disponible actuellement.
    .details = Le serveur ne peut pas enregistrer ni vérifier ceci maintenant : répétez la requête un peu plus tard.
definitions-refused = { summary-arguments }
    .details = Les définitions ont { $count } défauts.
