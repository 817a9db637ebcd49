use super::{counted, texts};

// the canvas
texts! {
    canvas: "Canvas", "Plan de travail";
    canvas_help: "Tab goes from step to step; arrows move the chosen step; Enter opens its settings; Enter on an output then on an input links them; Delete removes.",
        "Tab passe d’une étape à l’autre ; les flèches déplacent l’étape choisie ; Entrée ouvre ses réglages ; Entrée sur une sortie puis sur une entrée les relie ; Suppr. retire.";
    undo: "Undo", "Annuler";
    redo: "Redo", "Rétablir";
    zoom_in: "Zoom in", "Agrandir";
    zoom_out: "Zoom out", "Réduire";
    fit: "Show everything", "Tout afficher";
    tidy: "Tidy up", "Ranger";
    steps: "Steps", "Étapes";
    search_connectors: "Search connectors", "Chercher un connecteur";
    palette: "Connectors", "Connecteurs";
    empty_canvas: "An empty workflow", "Un workflow vide";
    empty_canvas_help: "Choose a first connector on the left: something that brings records in.",
        "Choisissez un premier connecteur à gauche : une source d’enregistrements.";
    output_port(port, step): "{port} of {step}: start a link", "{port} de {step} : commencer un lien";
    input_port(port, step): "{port} of {step}", "{port} de {step}";
    link_here(port, step): "Link to here: {port} of {step}", "Relier ici : {port} de {step}";
    linking_from(step, port): "Linking from {step}, {port}: choose an input, or press Escape.",
        "Lien depuis {step}, {port} : choisissez une entrée, ou appuyez sur Échap.";
    no_link_to_self: "A step cannot be linked to itself.", "Une étape ne peut pas être reliée à elle-même.";
    no_circle: "This link would make a circle.", "Ce lien ferait une boucle.";
    already_linked: "These are linked already.", "Ils sont déjà reliés.";
    no_problems: "No problem", "Aucun problème";
    plan: "How it runs", "Comment il s’exécute";
    no_plan: "Nothing would run before the problems are mended.", "Rien ne s’exécuterait avant la correction des problèmes.";
    error: "Error", "Erreur";
    warning: "Warning", "Avertissement";
    switched_off: "Switched off", "Désactivée";
}

// a step's form
texts! {
    step_settings(name): "Settings of {name}", "Réglages de {name}";
    nothing_chosen: "Choose a step to see its settings.", "Choisissez une étape pour voir ses réglages.";
    many_chosen(count): "{count} steps are chosen.", "{count} étapes sont choisies.";
    step_name: "Name of the step", "Nom de l’étape";
    note: "Note", "Note";
    note_help: "A remark for whoever reads the workflow.", "Une remarque pour qui lira le workflow.";
    disabled: "Switch this step off", "Désactiver cette étape";
    disabled_help: "It is left out of runs; records pass it unchanged.",
        "Elle est laissée de côté ; les enregistrements la traversent inchangés.";
    remove_step: "Remove this step", "Retirer cette étape";
    links: "Links", "Liens";
    links_in: "From", "Depuis";
    links_out: "To", "Vers";
    no_links: "No link yet.", "Pas encore de lien.";
    add_link: "Link an output to", "Relier une sortie à";
    choose: "Choose…", "Choisir…";
    remove_link(link): "Remove the link {link}", "Retirer le lien {link}";
    unknown_connector(id): "The connector “{id}” is not known to this bus.", "Le connecteur « {id} » est inconnu de ce bus.";
    no_settings: "This connector has no settings.", "Ce connecteur n’a pas de réglage.";
    not_set: "Not set", "Non défini";
    default_is(value): "{value} (by default)", "{value} (par défaut)";
    for_example(examples): "For example: {examples}", "Par exemple : {examples}";
    add_item: "Add an item", "Ajouter un élément";
    item(number): "Item {number}", "Élément {number}";
    remove_item(item): "Remove {item}", "Retirer {item}";
    move_up(item): "Move {item} up", "Monter {item}";
    move_down(item): "Move {item} down", "Descendre {item}";
    add_entry: "Add an entry", "Ajouter une entrée";
    key: "Key", "Clé";
    value: "Value", "Valeur";
    set_group: "Set", "Définir";
    unset_group: "Remove", "Retirer";
    not_json(problem): "This is not JSON: {problem}", "Ce n’est pas du JSON : {problem}";
    is_missing: "This must be filled in.", "Ce champ doit être rempli.";
    choose_secret: "Choose a secret", "Choisir un secret";
    make_secret: "New secret…", "Nouveau secret…";
    more_settings(count): "More settings ({count})", "Plus de réglages ({count})";
}

// the workflow as a whole
texts! {
    workflow: "Workflow", "Workflow";
    workflow_name: "Name of the workflow", "Nom du workflow";
    description: "Description", "Description";
    saved: "Saved", "Enregistré";
    saved_now: "The workflow is saved.", "Le workflow est enregistré.";
    saved_draft: "Saved as a draft: it does not run until its errors are mended.",
        "Enregistré comme brouillon : il ne s’exécute pas tant qu’il reste des erreurs.";
    unsaved: "Not saved", "Non enregistré";
    conflict_title: "Somebody else has saved this workflow", "Quelqu’un d’autre a enregistré ce workflow";
    conflict_help: "Nothing of yours is lost: your changes are still here. Keep them as a workflow of their own, or leave them and load what was saved.",
        "Rien n’est perdu : vos modifications sont toujours là. Gardez-les dans un workflow à part, ou abandonnez-les et chargez la version enregistrée.";
    keep_copy: "Keep mine as a copy", "Garder les miennes en copie";
    load_theirs: "Load theirs", "Charger la leur";
    go_on_editing: "Go on editing", "Continuer l’édition";
    copy_of(name): "{name} (copy)", "{name} (copie)";
    triggers: "Triggers", "Déclencheurs";
    triggers_help: "What starts the workflow by itself.", "Ce qui lance le workflow tout seul.";
    schedule: "Schedule", "Planification";
    schedule_times: "Times (cron)", "Horaires (cron)";
    schedule_times_help: "Minute, hour, day of the month, month, day of the week: “0 6 * * 1-5” is 6:00 on working days.",
        "Minute, heure, jour du mois, mois, jour de la semaine : « 0 6 * * 1-5 » signifie 6 h du lundi au vendredi.";
    zone: "Time zone", "Fuseau horaire";
    missed: "Missed times", "Horaires manqués";
    missed_skip: "Left out", "Laissés de côté";
    missed_once: "One run for all", "Une exécution pour tous";
    missed_all: "A run for each", "Une exécution pour chacun";
    next_times: "Next times", "Prochaines exécutions";
    add_schedule: "Add a schedule", "Ajouter une planification";
    parameter_name: "Name", "Nom";
    parameter_type: "Type", "Type";
    parameter_default: "Default", "Valeur par défaut";
    add_parameter: "Add a parameter", "Ajouter un paramètre";
    parameters_edit_help: "Values given to a run; written ${name} in settings.",
        "Valeurs données à une exécution ; s’écrivent ${nom} dans les réglages.";
    type_text: "Text", "Texte";
    type_integer: "Whole number", "Nombre entier";
    type_number: "Number", "Nombre";
    type_boolean: "Yes or no", "Oui ou non";
    type_date: "Date", "Date";
    type_time: "Date and time", "Date et heure";
    type_list: "List", "Liste";
    history: "Runs", "Exécutions";
}

counted! {
    problems: "{count} problem", "{count} problème"; "{count} problems", "{count} problèmes";
    copied: "{count} step copied.", "{count} étape copiée."; "{count} steps copied.", "{count} étapes copiées.";
}
