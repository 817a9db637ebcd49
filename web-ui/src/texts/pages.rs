use super::texts;

// what stands beside the settings
texts! {
    mine: "My account", "Mon compte";
    more_actions: "More", "Plus";
    export_yaml: "Export as YAML", "Exporter en YAML";
    export_json: "Export as JSON", "Exporter en JSON";
    show_more: "Show more", "Afficher la suite";
    back_to_workflow: "Back to the workflow", "Revenir au workflow";
    when: "When", "Date";
    who: "Who", "Qui";
    its_role: "Role", "Rôle";
    group: "Group", "Groupe";
}

// what keeps the server from working
texts! {
    no_store: "The store cannot be reached: nothing can be saved or started at the moment.",
        "Le stockage est injoignable : rien ne peut être enregistré ni lancé pour le moment.";
    no_broker: "The message broker cannot be reached: what is started waits, and goes on by itself when it is back.",
        "Le courtier de messages est injoignable : ce qui est lancé attend, et reprendra de lui-même à son retour.";
    no_worker: "No worker is there: what is started waits until one comes.",
        "Aucun worker n’est là : ce qui est lancé attend qu’il en arrive un.";
    no_server: "The server cannot be reached. What it has already accepted is not lost.",
        "Le serveur est injoignable. Ce qu’il a déjà accepté n’est pas perdu.";
    why: "Why", "Pourquoi";
}

// with whom a workflow is shared
texts! {
    share: "Share", "Partager";
    sharing_of(name): "Sharing of “{name}”", "Partage de « {name} »";
    share_help: "A viewer looks at the workflow, its runs and their data; an editor also changes and runs it; the owner also shares and deletes it.",
        "Un lecteur consulte le workflow, ses exécutions et leurs données ; un éditeur peut aussi le modifier et l’exécuter ; le propriétaire peut aussi le partager et le supprimer.";
    shared_with: "Shared with", "Partagé avec";
    not_shared: "Nobody else sees this workflow yet.", "Personne d’autre ne voit ce workflow pour l’instant.";
    share_with_person: "Share with a person", "Partager avec une personne";
    share_with_group: "Share with a group", "Partager avec un groupe";
    add_share: "Share", "Partager";
    stop_sharing(with): "Stop sharing with {with}", "Ne plus partager avec {with}";
    role_of(with): "Role of {with}", "Rôle de {with}";
    hand_over: "Hand over", "Transmettre";
    hand_over_title: "Hand the workflow over", "Transmettre le workflow";
    hand_over_help: "Somebody else becomes its owner; you stay an editor.",
        "Quelqu’un d’autre en devient propriétaire ; vous en restez éditeur.";
    hand_over_to(email): "Hand it over to {email}?", "Le transmettre à {email} ?";
    a_group(name): "Group {name}", "Groupe {name}";
}

// groups
texts! {
    groups: "Groups", "Groupes";
    groups_help: "People with whom workflows are shared together.", "Des personnes avec qui partager des workflows en une fois.";
    no_groups: "You are in no group yet. Make one, then share a workflow with it.",
        "Vous n’êtes dans aucun groupe. Créez-en un, puis partagez un workflow avec lui.";
    new_group: "New group", "Nouveau groupe";
    group_name: "Name of the group", "Nom du groupe";
    members: "Members", "Membres";
    add_member(group): "Add somebody to {group}", "Ajouter quelqu’un à {group}";
    add: "Add", "Ajouter";
    delete_group(name): "Delete the group “{name}”?", "Supprimer le groupe « {name} » ?";
    delete_group_help: "Its members lose the workflows that are shared with it.",
        "Ses membres perdent l’accès aux workflows partagés avec lui.";
}

// versions
texts! {
    versions: "Versions", "Versions";
    versions_of(name): "Versions of “{name}”", "Versions de « {name} »";
    versions_help: "Every save is kept. Restoring one saves it anew: nothing is lost.",
        "Chaque enregistrement est conservé. En rétablir un l’enregistre à nouveau : rien n’est perdu.";
    version(revision): "Version {revision}", "Version {revision}";
    present: "present", "actuelle";
    look_at_version(revision): "Look at version {revision}", "Voir la version {revision}";
    look: "Look", "Voir";
    restore: "Restore", "Rétablir";
    restore_version(revision): "Restore version {revision}", "Rétablir la version {revision}";
    restored(revision): "Version {revision} is restored.", "La version {revision} est rétablie.";
    by(name): "by {name}", "par {name}";
}

// publications
texts! {
    publications: "Published data", "Données publiées";
    publications_help: "What workflows offer to the outside, at an address that stays the same.",
        "Ce que les workflows offrent au dehors, à une adresse qui ne change pas.";
    no_publications: "Nothing is published yet", "Rien n’est encore publié";
    no_publications_help: "Add the step “Publish” to a workflow, give it a name, and run it.",
        "Ajoutez l’étape « Publier » à un workflow, donnez-lui un nom, puis exécutez-le.";
    title: "Title", "Titre";
    formats: "Formats", "Formats";
    records_count: "Records", "Enregistrements";
    updated: "Updated", "Mis à jour";
    until: "Kept until", "Conservé jusqu’au";
    readers: "Readers", "Lecteurs";
    everybody: "everybody", "tout le monde";
    only_shared: "those it is shared with", "ceux avec qui il est partagé";
}

// what is held
texts! {
    cache: "Data held", "Données conservées";
    cache_help: "The bus is no storage: everything here leaves by itself when its time is over, or as soon as you delete it.",
        "Le bus n’est pas un stockage : tout disparaît à son échéance, ou dès que vous le supprimez.";
    no_cache: "Nothing is held.", "Rien n’est conservé.";
    held_for: "For what", "Pour quoi";
    held_run: "Records of a run", "Données d’une exécution";
    held_publication(slug): "Published data “{slug}”", "Données publiées « {slug} »";
    held_upload: "File that was sent", "Fichier envoyé";
    size_head: "Size", "Taille";
    delete_held(what): "Delete: {what}", "Supprimer : {what}";
}

// audit and tasks that were given up
texts! {
    audit: "Audit", "Journal";
    audit_of(name): "Audit of “{name}”", "Journal de « {name} »";
    audit_help: "Who did what, the latest first.", "Qui a fait quoi, le plus récent d’abord.";
    no_audit: "Nothing was done yet.", "Rien n’a encore été fait.";
    action: "What", "Quoi";
    on_what: "On what", "Sur quoi";
    detail: "Detail", "Détail";
    nobody: "nobody", "personne";
    letters: "Tasks given up", "Tâches abandonnées";
    letters_help: "Tasks that failed again and again. Try one again once its reason is gone, or drop it.",
        "Des tâches qui ont échoué plusieurs fois. Relancez-en une quand sa cause a disparu, ou abandonnez-la.";
    no_letters: "No task was given up.", "Aucune tâche abandonnée.";
    task: "Task", "Tâche";
    attempts: "Attempts", "Essais";
    try_again(task): "Try {task} again", "Relancer {task}";
    drop_task(task): "Drop {task}", "Abandonner {task}";
    try_it: "Try again", "Relancer";
    drop_it: "Drop", "Abandonner";
    to_run: "Run", "Exécution";
}

// documents that come in
texts! {
    import_title: "Import a workflow", "Importer un workflow";
    import_from_file: "Choose a file…", "Choisir un fichier…";
    import_paste: "Or paste it here", "Ou collez-le ici";
    import_formats: "A workflow document (YAML or JSON), or an export of the Node.js Semantic Bus.",
        "Un document de workflow (YAML ou JSON), ou un export du Semantic Bus Node.js.";
    import_it: "Import", "Importer";
}
