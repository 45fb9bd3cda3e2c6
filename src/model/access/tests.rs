//! The rules as sentences and as properties.

use proptest::prelude::*;

use super::*;

/// A member on a private repository in no group.
fn member(role: &str) -> Facts<'_> {
    Facts {
        holder: Holder::Member(Some(role)),
        group: Group::Free,
        visibility: Visibility::Private,
        gated: Fact::No,
        granted: Fact::No,
        creator: Fact::No,
    }
}

/// Permission, the least, paths and the weightiest notes in one line.
fn line(facts: &Facts<'_>) -> String {
    let found = effective(facts);
    let permission = found.permission.map_or("unknown", Permission::word);
    let paths: Vec<_> = found.paths.iter().map(ToString::to_string).collect();
    let notes: Vec<_> = found.notes.iter().map(|note| format!("{note:?}")).collect();
    format!("{permission}>={} [{}] {}", found.at_least, paths.join(" "), notes.join(" ")).trim_end().to_owned()
}

#[test]
fn outside_groups_the_organization_role_decides() {
    assert_eq!(line(&member("no_access")), "none>=none []");
    assert_eq!(line(&member("read")), "read>=read [org-role]");
    assert_eq!(line(&member("write")), "write>=write [org-role]");
    assert_eq!(line(&member("admin")), "admin>=admin [org-role]");
    assert_eq!(line(&member("contributor")), "read>=read [org-role]");
    let own = Facts { creator: Fact::Yes, ..member("contributor") };
    assert_eq!(line(&own), "write>=write [org-role creator]");
    let old = Facts { creator: Fact::Unseen, ..member("contributor") };
    assert_eq!(line(&old), "contributor>=read [org-role] CreatorUnseen");
    assert_eq!(effective(&old).certainty(), Certainty::Uncertain);
    let public = Facts { visibility: Visibility::Public, ..member("no_access") };
    assert_eq!(line(&public), "read>=read [public]");
}

#[test]
fn in_a_group_the_role_there_decides() {
    let within = |org, place| Facts { group: Group::In("g", place), ..member(org) };
    assert_eq!(line(&within("write", Place::Outside)), "none>=none []");
    assert_eq!(line(&within("read", Place::Role("write"))), "write>=write [resource-group:g]");
    assert_eq!(line(&within("write", Place::Role("read"))), "read>=read [resource-group:g] GroupRoleLower");
    assert_eq!(line(&within("admin", Place::Role("read"))), "admin>=admin [org-role resource-group:g]");
    assert_eq!(line(&within("admin", Place::Outside)), "admin>=admin [org-role]");
    let public = |org| Facts { visibility: Visibility::Public, ..within(org, Place::Outside) };
    assert_eq!(line(&public("write")), "read>=read [public] OutsideGroup");
    assert_eq!(line(&public("read")), "read>=read [public]");
}

#[test]
fn a_gate_holds_for_outsiders_and_perhaps_for_members() {
    let gated = |holder| Facts { holder, visibility: Visibility::Public, gated: Fact::Yes, ..member("read") };
    let outsider = gated(Holder::Outsider);
    assert_eq!(line(&outsider), "none>=none [] MustAsk");
    assert_eq!(line(&Facts { granted: Fact::Yes, ..outsider }), "read>=read [gated-grant]");
    assert_eq!(line(&Facts { granted: Fact::Unseen, ..outsider }), "unknown>=none [] GrantUnseen");
    let private = Facts { granted: Fact::Yes, visibility: Visibility::Private, ..outsider };
    assert_eq!(line(&private), "none>=none [gated-grant] GrantWithoutEffect");
    let reader = gated(Holder::Member(Some("read")));
    assert_eq!(line(&reader), "read>=none [org-role] MembersMayBeGated");
    assert_eq!(line(&Facts { granted: Fact::Yes, ..reader }), "read>=read [org-role gated-grant]");
    let boss = Facts { group: Group::In("g", Place::Role("admin")), ..reader };
    assert_eq!(line(&boss), "admin>=admin [resource-group:g]");
    let space = Facts { holder: Holder::Outsider, visibility: Visibility::Protected, ..member("read") };
    assert_eq!(line(&space), "none>=none [] AppIsPublic");
}

#[test]
fn what_was_not_seen_is_unknown_where_it_decides() {
    assert_eq!(line(&Facts { holder: Holder::Member(None), ..member("") }), "unknown>=none [org-role] RoleUnseen");
    assert_eq!(line(&member("steward")), "unknown>=none [org-role] CustomRole");
    let groups = Facts { group: Group::Unseen, ..member("write") };
    assert_eq!(line(&groups), "unknown>=none [org-role] GroupUnseen");
    assert_eq!(line(&Facts { group: Group::Unseen, ..member("admin") }), "admin>=admin [org-role]");
    let hidden = Facts { group: Group::In("g", Place::Hidden), ..member("read") };
    assert_eq!(line(&hidden), "unknown>=none [resource-group:g] GroupUnseen");
    let unlisted = Facts { holder: Holder::Unlisted, ..member("") };
    assert_eq!(line(&unlisted), "unknown>=none [] MembersUnseen");
    let world = Facts { holder: Holder::Outsider, visibility: Visibility::Unseen, gated: Fact::Unseen, ..member("") };
    assert_eq!(line(&world), "unknown>=none [] VisibilityUnseen GateUnseen");
    let public = Facts { visibility: Visibility::Public, ..Facts { holder: Holder::Member(None), ..member("") } };
    assert_eq!(line(&public), "unknown>=read [org-role public] RoleUnseen");
}

#[test]
fn accounts_have_what_their_tokens_and_groups_give() {
    let account = |level, named| {
        let holder = Holder::Account(Tokens { level, named, ..Tokens::NONE });
        Facts { holder, group: Group::In("g", Place::Outside), ..member("") }
    };
    assert_eq!(line(&account(Permission::None, false)), "none>=none []");
    assert_eq!(line(&account(Permission::Write, true)), "write>=write [service-token]");
    assert_eq!(line(&account(Permission::Write, false)), "write>=none [service-token] TokenOutsideGroup");
    let loose = Tokens { level: Permission::Write, loose: true, ..Tokens::NONE };
    let others = Facts { holder: Holder::Account(loose), group: Group::Free, ..member("") };
    assert_eq!(line(&others), "write>=none [service-token] TokenNamesOthers");
    let both = Facts { group: Group::In("g", Place::Role("admin")), ..account(Permission::Read, false) };
    assert_eq!(line(&both), "admin>=read [resource-group:g service-token] TokensAndGroup");
    let hidden = Facts { holder: Holder::Account(Tokens { unseen: true, ..Tokens::NONE }), ..member("") };
    assert_eq!(line(&hidden), "unknown>=none [] TokensUnseen");
    let ghost = Facts { holder: Holder::Outsider, group: Group::In("g", Place::Role("write")), ..member("") };
    assert_eq!(line(&ghost), "write>=none [resource-group:g] GroupWithoutMembership");
}

/// Roles by rank.
const WORDS: [&str; 5] = ["no_access", "read", "contributor", "write", "admin"];

/// A yes or no, or neither.
fn fact() -> impl Strategy<Value = Fact> {
    prop::sample::select(vec![Fact::Yes, Fact::No, Fact::Unseen])
}

/// A yes or no.
fn seen() -> impl Strategy<Value = Fact> {
    prop::sample::select(vec![Fact::Yes, Fact::No])
}

/// A visibility that was seen.
fn visibility() -> impl Strategy<Value = Visibility> {
    prop::sample::select(vec![Visibility::Public, Visibility::Private, Visibility::Protected])
}

/// Somebody of whom everything was seen.
fn holder() -> impl Strategy<Value = Holder<'static>> {
    let level = prop::sample::select(vec![Permission::None, Permission::Read, Permission::Write]);
    prop_oneof![
        4 => prop::sample::select(WORDS.to_vec()).prop_map(|role| Holder::Member(Some(role))),
        1 => (level, any::<bool>()).prop_map(|(level, named)| {
            Holder::Account(Tokens { level, named, loose: !named && level > Permission::None, unseen: false })
        }),
        1 => Just(Holder::Outsider),
    ]
}

/// A place in a group that was seen, or no group.
fn group() -> impl Strategy<Value = Group<'static>> {
    prop_oneof![
        1 => Just(Group::Free),
        1 => Just(Group::In("g", Place::Outside)),
        3 => prop::sample::select(WORDS.to_vec()).prop_map(|role| Group::In("g", Place::Role(role))),
    ]
}

prop_compose! {
    /// Facts that were all seen.
    fn facts()(
        holder in holder(), group in group(), visibility in visibility(), gated in seen(), granted in seen(), creator in seen(),
    ) -> Facts<'static> {
        Facts { holder, group, visibility, gated, granted, creator }
    }
}

/// What was found does not fall: neither the permission nor what is certain.
fn rises(less: &Facts<'_>, more: &Facts<'_>) -> Result<(), TestCaseError> {
    let (less, more) = (effective(less), effective(more));
    if let Some((less, more)) = less.permission.zip(more.permission) {
        prop_assert!(less <= more, "{less:?} {more:?}");
    }
    prop_assert!(less.at_least <= more.at_least, "{less:?} {more:?}");
    Ok(())
}

proptest! {
    #[test]
    fn what_was_seen_gives_a_permission(facts in facts()) {
        let found = effective(&facts);
        prop_assert!(found.permission.is_some());
        prop_assert!(Some(found.at_least) <= found.permission);
        prop_assert!(found.permission == Some(Permission::None) || !found.paths.is_empty(), "{:?}", found);
    }

    #[test]
    fn an_admin_is_admin_whatever_else(facts in facts(), unseen in fact()) {
        let admin = Facts { holder: Holder::Member(Some("admin")), creator: unseen, granted: unseen, gated: unseen, ..facts };
        let found = effective(&admin);
        prop_assert_eq!((found.permission, found.at_least), (Some(Permission::Admin), Permission::Admin));
        prop_assert_eq!(found.certainty(), Certainty::Certain);
        prop_assert_eq!(effective(&Facts { group: Group::Unseen, visibility: Visibility::Unseen, ..admin }).permission, Some(Permission::Admin));
    }

    #[test]
    fn more_never_means_less(facts in facts(), org in 0..4_usize, place in 0..4_usize) {
        let role = |i: usize| Facts { holder: Holder::Member(Some(WORDS[i])), ..facts };
        rises(&role(org), &role(org + 1))?;
        let within = |i: usize| Facts { group: Group::In("g", Place::Role(WORDS[i])), ..facts };
        rises(&within(place), &within(place + 1))?;
        rises(&Facts { group: Group::In("g", Place::Outside), ..facts }, &within(place))?;
        rises(&Facts { granted: Fact::No, ..facts }, &Facts { granted: Fact::Yes, ..facts })?;
        rises(&Facts { creator: Fact::No, ..facts }, &Facts { creator: Fact::Yes, ..facts })?;
        rises(&Facts { gated: Fact::Yes, ..facts }, &Facts { gated: Fact::No, ..facts })?;
        rises(&Facts { visibility: Visibility::Private, ..facts }, &Facts { visibility: Visibility::Public, ..facts })?;
        rises(&Facts { holder: Holder::Outsider, ..facts }, &facts)?;
    }

    #[test]
    fn a_hole_never_hides_what_is_there(facts in facts(), holes in prop::collection::vec(any::<bool>(), 6)) {
        let mut blind = facts;
        if holes[0] {
            blind.holder = match facts.holder {
                Holder::Member(_) => Holder::Member(None),
                Holder::Account(_) => Holder::Account(Tokens { unseen: true, ..Tokens::NONE }),
                Holder::Outsider | Holder::Unlisted => Holder::Unlisted,
            };
        }
        if holes[1] {
            blind.group = match facts.group {
                Group::In(name, Place::Role(_)) if holes[5] => Group::In(name, Place::Hidden),
                Group::In(name, _) if holes[4] => Group::In(name, Place::Unseen),
                _ => Group::Unseen,
            };
        }
        if holes[2] { blind.visibility = Visibility::Unseen; }
        if holes[3] { blind.gated = Fact::Unseen; }
        if holes[4] { blind.granted = Fact::Unseen; }
        let (all, part) = (effective(&facts), effective(&blind));
        prop_assert!(part.permission.is_none() || part.permission == all.permission, "{:?} {:?}", all, part);
        let named = matches!(facts.holder, Holder::Account(tokens) if tokens.named);
        prop_assert!(part.at_least <= all.at_least || named, "{:?} {:?}", all, part);
        prop_assert_eq!(part.permission.is_none(), part.notes.iter().any(|note| note.weight() == Weight::Hole), "{:?}", part);
        let unknown_creator = effective(&Facts { creator: Fact::Unseen, ..facts });
        let known = |creator| effective(&Facts { creator, ..facts }).permission;
        prop_assert!(known(Fact::No) <= unknown_creator.permission && unknown_creator.permission <= known(Fact::Yes));
    }

    #[test]
    fn a_name_of_a_role_is_never_taken_for_another(word in "[a-z_]{1,12}") {
        prop_assume!(!WORDS.contains(&&*word));
        let found = effective(&Facts { holder: Holder::Member(Some(&word)), ..member("read") });
        prop_assert_eq!((found.permission, found.at_least), (None, Permission::None));
    }
}
