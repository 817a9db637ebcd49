use super::{counted, texts};

// around every page
texts! {
    bus: "Semantic Bus", "Semantic Bus";
    skip: "Skip to the content", "Aller au contenu";
    main_menu: "Main menu", "Menu principal";
    workflows: "Workflows", "Workflows";
    gallery: "Gallery", "Galerie";
    settings: "Settings", "Réglages";
    manual: "Manual", "Manuel";
    signed_in_as(name): "Signed in as {name}", "Connecté : {name}";
    sign_out: "Sign out", "Se déconnecter";
    loading: "Loading…", "Chargement…";
    close: "Close", "Fermer";
    cancel: "Cancel", "Annuler";
    delete: "Delete", "Supprimer";
    save: "Save", "Enregistrer";
    again: "Try again", "Réessayer";
    offline: "The server does not answer. Check your connection and try again.",
        "Le serveur ne répond pas. Vérifiez votre connexion et réessayez.";
    odd_answer: "The server gave an answer that this page does not understand. Reload the page.",
        "Le serveur a donné une réponse que cette page ne comprend pas. Rechargez la page.";
    not_found: "There is nothing here", "Il n’y a rien ici";
    not_found_help: "The address is wrong, or what stood here is gone.",
        "L’adresse est fausse, ou ce qui était ici n’existe plus.";
    to_workflows: "To your workflows", "Vers vos workflows";
    required: "required", "obligatoire";
    yes: "Yes", "Oui";
    no: "No", "Non";
}

// accounts
texts! {
    sign_in: "Sign in", "Se connecter";
    sign_in_help: "Workflows that bring your data together.", "Les workflows qui relient vos données.";
    email: "E-mail address", "Adresse e-mail";
    password: "Password", "Mot de passe";
    password_help: "12 characters or more; a sentence works well.", "Au moins 12 caractères ; une phrase convient bien.";
    name: "Name", "Nom";
    name_help: "What others call you.", "Le nom que les autres verront.";
    first_title: "Create the first account", "Créer le premier compte";
    first_help: "It administers this bus: it invites the others.", "Il administre ce bus : c’est lui qui invite les autres.";
    accept_title: "Create your account", "Créer votre compte";
    accept_help: "You have been invited to this bus.", "Vous êtes invité sur ce bus.";
    create_account: "Create the account", "Créer le compte";
    first_start: "This bus has no account yet. Open the link that the server printed on its console.",
        "Ce bus n’a pas encore de compte. Ouvrez le lien que le serveur a écrit sur sa console.";
    no_token: "This link is not complete: copy it whole.", "Ce lien est incomplet : copiez-le en entier.";
    reset_title: "Choose a new password", "Choisir un nouveau mot de passe";
    present_password: "Present password", "Mot de passe actuel";
    new_password: "New password", "Nouveau mot de passe";
    change_password: "Change the password", "Changer le mot de passe";
    password_changed: "The password is changed. Sign in again.", "Le mot de passe est changé. Reconnectez-vous.";
    people: "People", "Personnes";
    invite: "Invite", "Inviter";
    invite_help: "Makes a link to send to the person: it works once.",
        "Crée un lien à envoyer à la personne : il sert une fois.";
    as_administrator: "As an administrator", "Comme administrateur";
    administrator: "administrator", "administrateur";
    link_made: "Copy this link and hand it over:", "Copiez ce lien et transmettez-le :";
    secrets: "Secrets", "Secrets";
    secrets_help: "Passwords and keys that workflows use by name. A value is never shown again.",
        "Mots de passe et clés que les workflows utilisent par leur nom. Une valeur n’est jamais réaffichée.";
    new_secret: "New secret", "Nouveau secret";
    secret_name: "Name of the secret", "Nom du secret";
    secret_value: "Value", "Valeur";
    secret_set(when): "set {when}", "enregistré le {when}";
    no_secrets: "No secret yet.", "Pas encore de secret.";
    keys: "API keys", "Clés d’API";
    keys_help: "For programs that call this bus: “Authorization: Bearer …”.",
        "Pour les programmes qui appellent ce bus : « Authorization: Bearer … ».";
    new_key: "New key", "Nouvelle clé";
    key_purpose: "What it is for", "À quoi elle sert";
    key_scope: "What it may do", "Ce qu’elle peut faire";
    scope_read: "Read", "Lire";
    scope_run: "Read and run", "Lire et exécuter";
    scope_write: "Read, run and change", "Lire, exécuter et modifier";
    key_made: "Copy this key now; it is not shown again:", "Copiez cette clé maintenant ; elle ne sera plus affichée :";
    no_keys: "No key yet.", "Pas encore de clé.";
}

// the list of workflows and the gallery
texts! {
    new_workflow: "New workflow", "Nouveau workflow";
    untitled: "Untitled workflow", "Workflow sans titre";
    take_from_gallery: "From the gallery", "Depuis la galerie";
    import: "Import", "Importer";
    imported: "Imported", "Importé";
    import_report: "What became of each component", "Ce que chaque composant est devenu";
    import_converted: "Converted", "Converti";
    import_approximated: "To be checked", "À vérifier";
    import_unsupported: "Switched off", "Désactivé";
    component: "Component", "Composant";
    result: "Result", "Résultat";
    remarks: "Remarks", "Remarques";
    search_workflows: "Search your workflows", "Chercher dans vos workflows";
    no_workflows: "No workflow yet", "Pas encore de workflow";
    no_workflows_help: "Begin with one of the gallery: it runs at once, with its data.",
        "Commencez par un modèle de la galerie : il s’exécute aussitôt, avec ses données.";
    no_match: "Nothing matches.", "Aucun résultat.";
    last_run: "Last run", "Dernière exécution";
    next_run: "Next run", "Prochaine exécution";
    never: "never", "jamais";
    changed: "Changed", "Modifié";
    role: "Your role", "Votre rôle";
    owner: "Owner", "Propriétaire";
    editor: "Editor", "Éditeur";
    viewer: "Viewer", "Lecteur";
    draft: "Draft", "Brouillon";
    draft_help: "Its check found errors: it does not run.", "Sa vérification a trouvé des erreurs : il ne s’exécute pas.";
    delete_workflow(name): "Delete “{name}”?", "Supprimer « {name} » ?";
    delete_workflow_help: "The workflow, its earlier versions and its schedules go. This cannot be undone.",
        "Le workflow, ses versions et ses planifications disparaissent. C’est définitif.";
    actions: "Actions", "Actions";
    gallery_help: "Ready to run, with their data. Take one and make it yours.",
        "Prêts à exécuter, avec leurs données. Prenez-en un et adaptez-le.";
    use_this: "Use this", "Utiliser";
}

// runs
texts! {
    run: "Run", "Exécuter";
    stop: "Stop", "Arrêter";
    run_with: "Run with…", "Exécuter avec…";
    parameters: "Parameters", "Paramètres";
    waiting: "Waiting", "En attente";
    running: "Running", "En cours";
    succeeded: "Succeeded", "Réussie";
    unchanged: "Nothing new", "Rien de neuf";
    failed: "Failed", "Échouée";
    cancelled: "Cancelled", "Annulée";
    done: "Done", "Terminée";
    step_failed: "Failed", "En échec";
    resume: "Try again from there", "Reprendre à cet endroit";
    back_to_editing: "Back to editing", "Revenir à l’édition";
    run_of(when): "Run of {when}", "Exécution du {when}";
    written_to: "Written to", "Écrit dans";
    by_person(name): "by {name}", "par {name}";
    by_schedule: "by its schedule", "par sa planification";
    by_call: "by an HTTP call", "par un appel HTTP";
    by_messages: "by messages", "par des messages";
    by_upload: "by an upload", "par un envoi de fichier";
    by_replay: "replay of refused records", "nouvel essai d’enregistrements refusés";
    no_runs: "Not run yet.", "Pas encore d’exécution.";
    data: "Data", "Données";
    output: "Output", "Sortie";
    errors: "Errors", "Erreurs";
    rows_shown(from, to, total): "{from} to {to} of {total}", "{from} à {to} sur {total}";
    kept_of(kept, total): "{kept} of {total} records are kept for the eye.",
        "{kept} enregistrements sur {total} sont conservés pour être consultés.";
    previous: "Previous", "Précédents";
    next: "Next", "Suivants";
    no_records: "No record.", "Aucun enregistrement.";
    download: "Download", "Télécharger";
    download_as(format): "Download as {format}", "Télécharger en {format}";
    replay: "Replay all as they were", "Tout rejouer tel quel";
    replay_help: "Gives them to this step again as they were, in a new run.",
        "Les redonne tels quels à cette étape, dans une nouvelle exécution.";
    seconds(seconds): "{seconds} s", "{seconds} s";
    kind_text: "text", "texte";
    kind_integer: "whole number", "nombre entier";
    kind_decimal: "decimal", "décimal";
    kind_boolean: "yes/no", "oui/non";
    kind_time: "time", "date et heure";
    kind_list: "list", "liste";
    kind_object: "object", "objet";
    kind_mixed: "mixed", "mixte";
    absent: "absent", "absent";
    null: "null", "nul";
}

counted! {
    steps_count: "{count} step", "{count} étape"; "{count} steps", "{count} étapes";
    refused: "{count} refused", "{count} refusé"; "{count} refused", "{count} refusés";
    written: "{count} written", "{count} écrit"; "{count} written", "{count} écrits";
    link_data(from, to):
        "{count} record from {from} to {to}: show it", "{count} enregistrement de {from} vers {to} : l’afficher";
        "{count} records from {from} to {to}: show them", "{count} enregistrements de {from} vers {to} : les afficher";
}
