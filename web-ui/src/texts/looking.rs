use super::{counted, texts};

// files of one's own
texts! {
    own_file: "Use my own file…", "Utiliser mon fichier…";
    other_file: "Another file…", "Un autre fichier…";
    own_file_help: "It stands for what this step reads, in previews and in runs started here.",
        "Il remplace ce que lit cette étape, dans les aperçus et les exécutions lancées d’ici.";
    own_file_until(when): "This file stands for what the step reads; it is kept until {when}.",
        "Ce fichier remplace ce que lit l’étape ; il est conservé jusqu’au {when}.";
    no_own_file(name): "Do without {name}", "Ne plus utiliser {name}";
    uploading: "Sending…", "Envoi…";
    files: "Files", "Fichiers";
}

// the preview of a step
texts! {
    preview: "Preview", "Aperçu";
    preview_of(name): "Preview of {name}", "Aperçu de {name}";
    preview_show: "Show the preview", "Afficher l’aperçu";
    preview_hide: "Hide the preview", "Masquer l’aperçu";
    preview_waits: "This step, or one before it, asks another service: it is asked only when you say so.",
        "Cette étape, ou l’une de celles qui précèdent, interroge un autre service : il ne l’est qu’à votre demande.";
    preview_ask: "Preview now", "Aperçu maintenant";
    preview_nothing: "Nothing comes out of this step on the sample.", "Rien ne sort de cette étape sur l’échantillon.";
    preview_sample: "with the records of the last run", "sur les enregistrements de la dernière exécution";
    into: "Input", "Entrée";
    otherwise: "Otherwise", "Sinon";
    left: "Left", "Gauche";
    right: "Right", "Droite";
}

// what a run could not keep or take
texts! {
    losses: "What could not be kept", "Ce qui n’a pas pu être gardé";
    dropped: "left out", "omis";
    renamed: "renamed", "renommé";
    approximated: "approximated", "approché";
    place: "Place", "Emplacement";
    field: "Field", "Champ";
    reason: "Reason", "Raison";
    record: "Record", "Enregistrement";
    at_line(line): "line {line}", "ligne {line}";
    at_line_column(line, column): "line {line}, column {column}", "ligne {line}, colonne {column}";
    at_record(number): "record {number}", "enregistrement {number}";
    mend: "Mend", "Corriger";
    mend_record(number): "Mend the refused record {number}", "Corriger l’enregistrement refusé {number}";
    mended: "Mended", "Corrigé";
    mend_help: "Write the record as this step should receive it, in JSON.",
        "Écrivez l’enregistrement tel que cette étape doit le recevoir, en JSON.";
    mend_source_help: "Write the record as this step should have sent it, in JSON.",
        "Écrivez l’enregistrement tel que cette étape aurait dû l’envoyer, en JSON.";
    mend_keep: "Keep", "Garder";
    kept_until(when): "The records of this run are kept until {when}.",
        "Les enregistrements de cette exécution sont conservés jusqu’au {when}.";
    in_refused: "No record was refused.", "Aucun enregistrement refusé.";
    no_object: "A record is a JSON object: { \"field\": value }.", "Un enregistrement est un objet JSON : { \"champ\": valeur }.";
}

// triggers
texts! {
    by_http: "HTTP call", "Appel HTTP";
    by_http_help: "A program runs the workflow and gets its data as the answer. The query gives parameters.",
        "Un programme lance le workflow et reçoit ses données en réponse. L’adresse porte les paramètres.";
    by_file: "Upload", "Envoi de fichier";
    by_file_help: "A program sends a file; the workflow runs on it.", "Un programme envoie un fichier ; le workflow le traite.";
    by_live: "Arriving messages", "Arrivée de messages";
    by_live_help: "Messages that arrive are put together and start a run.",
        "Les messages qui arrivent sont regroupés et lancent une exécution.";
    live_messages: "Most messages in a run", "Messages par exécution, au plus";
    live_seconds: "Longest wait (s)", "Attente la plus longue (s)";
    live_since(node, when): "{node} listens since {when}.", "{node} écoute depuis le {when}.";
    live_nobody: "Nobody listens at present.", "Personne n’écoute en ce moment.";
    live_not_yet: "It is listened for once the workflow is saved without errors.",
        "L’écoute commence quand le workflow est enregistré sans erreur.";
    live_last(when): "The last run began {when}.", "La dernière exécution a commencé {when}.";
    live_connected(step): "{step}: connected", "{step} : connecté";
    live_connecting(step): "{step}: connecting", "{step} : connexion en cours";
    live_again(when): "It is tried again {when}.", "Nouvel essai {when}.";
    add_live: "Run when messages arrive", "Exécuter à l’arrivée de messages";
    no_live_yet: "Add a step that messages arrive at first, such as MQTT.",
        "Ajoutez d’abord une étape où des messages arrivent, comme MQTT.";
    refresh_live: "Look again", "Regarder à nouveau";
    body_for: "The body stands for", "Le corps de l’appel remplace";
    file_for: "The file stands for", "Le fichier remplace";
    no_body: "Nothing: calls have no body", "Rien : les appels sont sans corps";
    example_call: "For example, with an API key:", "Par exemple, avec une clé d’API :";
    add_http: "Add an HTTP call", "Ajouter un appel HTTP";
    add_file: "Add an upload", "Ajouter un envoi de fichier";
    remove_trigger: "Remove the trigger", "Retirer le déclencheur";
    no_source_yet: "Add a step that reads data first.", "Ajoutez d’abord une étape qui lit des données.";
    only_by_hand: "Nothing yet: it is started by hand.", "Rien pour l’instant : il se lance à la main.";
}

counted! {
    preview_took(milliseconds):
        "{count} record in {milliseconds} ms", "{count} enregistrement en {milliseconds} ms";
        "{count} records in {milliseconds} ms", "{count} enregistrements en {milliseconds} ms";
    replay_mended: "Replay the {count} mended", "Rejouer {count} corrigé";
        "Replay the {count} mended", "Rejouer les {count} corrigés";
    live_heard: "{count} message so far", "{count} message jusqu’ici";
        "{count} messages so far", "{count} messages jusqu’ici";
    live_begun: "{count} run", "{count} exécution"; "{count} runs", "{count} exécutions";
    live_too_large: "{count} message was too large and went nowhere.",
        "{count} message était trop grand et n’a pas été pris.";
        "{count} messages were too large and went nowhere.",
        "{count} messages étaient trop grands et n’ont pas été pris.";
}
