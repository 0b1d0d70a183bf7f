triggered = Objekt erfolgreich gestartet, Lauf-ID: { $run }
    .details = Objekt erfolgreich gestartet.
interrupted = Ausführung erfolgreich unterbrochen, Lauf-ID: { $run }
    .details = Ausführung erfolgreich unterbrochen.
restarted = Objekt erfolgreich wieder aufgenommen, Lauf-ID: { $run }
    .details = Objekt erfolgreich gestartet.
rerun = Objekt erfolgreich erneut ausgeführt, Lauf-ID: { $run }
    .details = Objekt erfolgreich gestartet.

summary-not-authenticated = Die Anfrage ist nicht authentifiziert.
summary-headers = Ungültige oder fehlende Kopfzeilen in der Anfrage.
summary-arguments = Ungültige Argumente in der Anfrage.
summary-body = Der Inhalt der Anfrage wurde nicht angenommen.

token-missing = { summary-not-authenticated }
    .details = Die Anfrage enthält kein Zugriffstoken: senden Sie die Kopfzeile „Authorization: Bearer <token>“.
token-invalid = { summary-not-authenticated }
    .details = Das Zugriffstoken ist ungültig, abgelaufen oder widerrufen.
token-repeated = { summary-not-authenticated }
    .details = Die Anfrage hat mehr als eine Kopfzeile „Authorization“.
token-narrow = Der Aufruf ist nicht erlaubt.
    .details = Das Zugriffstoken ist für andere Dienste: fordern Sie eines mit dem Scope urn:opc:idm:__myscopes__ an.

header-missing = { summary-headers }
    .details = Die Kopfzeile „{ $header }“ fehlt in der Anfrage.
header-invalid = { summary-headers }
    .details = Die Kopfzeile „{ $header }“ muss genau einmal gesendet werden, mit höchstens 128 druckbaren Zeichen.
key-header-invalid = { summary-headers }
    .details = Die Kopfzeile „Idempotency-Key“ muss genau einmal gesendet werden, mit 1 bis 255 sichtbaren ASCII-Zeichen.
unknown-scope = { summary-headers }
    .details = Der Mandant, der Dienst oder der Arbeitsbereich in den Kopfzeilen existiert nicht oder gehört Ihnen nicht.

not-allowed = Der Aufruf ist nicht erlaubt.
    .details = { $who } besitzt { $function } in { $scope } nicht.

body-not-json = { summary-arguments }
    .details = Der Inhalt der Anfrage ist kein gültiges JSON in Zeile { $line }, Spalte { $column }: { $problem }.
nested-not-json = { summary-arguments }
    .details = Der Text in „{ $key }“ ist kein gültiges JSON in Zeile { $line }, Spalte { $column }: { $problem }.
body-not-object = { summary-arguments }
    .details = Der Inhalt der Anfrage muss ein JSON-Objekt sein.
body-broken = { summary-body }
    .details = Der Inhalt der Anfrage endete zu früh oder ist falsch begrenzt.
body-too-large = { summary-body }
    .details = Der Inhalt der Anfrage ist größer als { $limit } Bytes.
body-too-slow = { summary-body }
    .details = Der Inhalt der Anfrage kam nicht rechtzeitig an.
not-json-type = { summary-body }
    .details = Die Anfrage braucht die Kopfzeile „Content-Type: application/json“, in UTF-8 und ohne „Content-Encoding“.
method-not-allowed = Die Methode ist nicht erlaubt.
    .details = Dieser Aufruf nimmt POST an, nicht { $method }.

key-missing = { summary-arguments }
    .details = „{ $key }“ fehlt im Inhalt der Anfrage.
key-wrong = { summary-arguments }
    .details = „{ $key }“ muss { $wanted ->
        [codes] eine durch Kommas getrennte Zeichenkette oder eine Liste von Zeichenketten
        [object] ein Objekt
        [value] eine Zeichenkette, eine Zahl oder ein Wahrheitswert
        [batch-params] für einen Batch ein Objekt oder eine Zeichenkette mit einem Objekt
        [group-params] für eine Batchgruppe eine Liste oder eine Zeichenkette mit einer Liste
       *[text] eine Zeichenkette
    } sein.
keys-contradict = { summary-arguments }
    .details = „{ $key }“ und „{ $other }“ widersprechen sich.
too-many-codes = { summary-arguments }
    .details = „{ $key }“ hat mehr als { $limit } Einträge.
not-a-batch-type = { summary-arguments }
    .details = „batchType“ muss „rest“ oder „group“ sein, nicht „{ $value }“.
not-a-date = { summary-arguments }
    .details = „{ $value }“ in „{ $key }“ ist kein Datum der Form yyyy-mm-dd.
not-a-name = { summary-arguments }
    .details = „{ $key }“ hat einen Parameter ohne brauchbaren Namen.
date-of-task = { summary-arguments }
    .details = „{ $key }“ hat ein anderes Geschäftsdatum als der Batch: geben Sie das Datum in „batchParams“ an.
member-repeated = { summary-arguments }
    .details = „dynamicParamList“ nennt den Batch „{ $batch }“ zweimal.
unknown-task = { summary-arguments }
    .details = „{ $key }“ nennt „{ $task }“, das ist keine Aufgabe.
external-id-invalid = { summary-arguments }
    .details = „externalRunId“ muss 1 bis 255 sichtbare ASCII-Zeichen haben.
invalid = { summary-arguments }
    .details = „{ $key }“ ist nicht gültig: { $problem }.
key-reused = { summary-arguments }
    .details = Der Idempotenzschlüssel „{ $key }“ wurde schon mit einer anderen Anfrage verwendet.

not-found = Das Objekt existiert nicht.
    .details = { $what ->
        [batch] Der Batch
        [batch-group] Die Batchgruppe
        [run] Der Lauf
       *[other] Das Objekt ({ $what })
    } „{ $id }“ existiert nicht.
nothing-to-run = Es gibt nichts auszuführen.
    .details = Der Aufruf wurde abgelehnt: { $reason }.
already-interrupted = Der Lauf ist schon unterbrochen.
    .details = Der Lauf „{ $run }“ ist schon unterbrochen.
wrong-state = Der Lauf ist weder aktiv noch abgebrochen.
    .details = Der Aufruf wurde abgelehnt: { $reason }.
too-many = Zu viele Anfragen.
    .details = Sie haben öfter angefragt, als Sie dürfen: es wurde nichts getan, wiederholen Sie die Anfrage in { $seconds } s.
overloaded = Der Server hat zu viel zu tun.
    .details = Es wurde nichts getan: wiederholen Sie die Anfrage gleich.
unavailable = Der Server ist zurzeit nicht verfügbar.
    .details = Der Server kann dies jetzt nicht speichern oder prüfen: wiederholen Sie die Anfrage etwas später.
definitions-refused = { summary-arguments }
    .details = Die Definitionen haben { $count } Mängel.
