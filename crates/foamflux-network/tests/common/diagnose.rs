//! Where the errors of a network come from: what would be right if only this or that were, and what is wrong at nodes whose
//! degree is.
#![allow(clippy::print_stdout, reason = "a table that is read by hand")]

use foamflux_grid::{Labels, Volume};
use foamflux_hosts::Graph;
use foamflux_network::{Network, NodeKind};

use super::mats::{Mat, Piece, TOUCH, nearest, pieces};
use super::{Case, MICRON, Matching, distance, f1, matching};

/// Solid within balls is node.
fn painted(labels: &Labels, balls: &[([f64; 3], f64)]) -> Volume<u8> {
    let mut tags = labels.volume().map(|&l| u8::from(l > 0));
    let shape = tags.shape();
    let n = [shape.x, shape.y, shape.z];
    for &(c, r) in balls {
        let span = |k: usize| {
            let low = ((c[k] - r) / MICRON - 0.5).ceil().max(0.0) as usize;
            let high = (((c[k] + r) / MICRON - 0.5).floor() + 1.0).clamp(0.0, n[k] as f64) as usize;
            low..high
        };
        for z in span(2) {
            for y in span(1) {
                for x in span(0) {
                    let p = [x, y, z].map(|v| (v as f64 + 0.5) * MICRON);
                    let tag = &mut tags.as_mut_slice()[shape.index(z, y, x)];
                    if *tag == 1 && distance(p, c) <= r {
                        *tag = 2;
                    }
                }
            }
        }
    }
    tags
}

fn quantiles(mut v: Vec<f64>) -> String {
    v.sort_by(f64::total_cmp);
    let at = |q: f64| v.get((q * v.len() as f64) as usize).copied().unwrap_or(f64::NAN);
    format!("{:.3} {:.3} {:.3}", at(0.1), at(0.5), at(0.9))
}

/// Prints where the errors lie.
pub(crate) fn diagnose(foam: &Graph, labels: &Labels, network: &Network, case: &Case) {
    let Matching { clear, arms, of_truth, of_found, found } = matching(foam, network, case);
    let zone = case.zone_radius();
    let margin = (case.diameter * case.swelling) as usize;
    let one = |balls: &[([f64; 3], f64)]| f1(labels.volume(), &painted(labels, balls), margin).0;
    let hit: Vec<usize> = (0..foam.nodes.len()).filter(|&i| of_truth[i].is_some()).collect();
    let node = |i: usize| &network.nodes[of_truth[i].map_or(0, |t| t.1)];
    println!(
        "  {}: F1 {:.3} | found nodes, true places and radii {:.3} | their own places {:.3} | and the false nodes {:.3} | own radii, true places {:.3} | own both {:.3} | all found, own both {:.3}",
        case.name,
        f1(labels.volume(), &network.tags, margin).0,
        one(&hit.iter().map(|&i| (foam.nodes[i].position_m, zone)).collect::<Vec<_>>()),
        one(&hit.iter().map(|&i| (node(i).position, zone)).collect::<Vec<_>>()),
        one(&found.iter().map(|&f| (network.nodes[f].position, zone)).collect::<Vec<_>>()),
        one(&hit.iter().map(|&i| (foam.nodes[i].position_m, node(i).zone_radius)).collect::<Vec<_>>()),
        one(&hit.iter().map(|&i| (node(i).position, node(i).zone_radius)).collect::<Vec<_>>()),
        one(&found.iter().map(|&f| (network.nodes[f].position, network.nodes[f].zone_radius)).collect::<Vec<_>>()),
    );
    println!(
        "    zone over true {} | inscribed over true {} | place {} | factor {:.3}",
        quantiles(hit.iter().map(|&i| node(i).zone_radius / zone).collect()),
        quantiles(hit.iter().map(|&i| node(i).radius / zone).collect()),
        quantiles(hit.iter().map(|&i| of_truth[i].map_or(0.0, |t| t.0) / MICRON).collect()),
        network.zones.factor.unwrap_or(f64::NAN),
    );
    // Places.
    let clear_places = |least: f64| {
        let far = |i: usize, j: usize| distance(foam.nodes[i].position_m, foam.nodes[j].position_m);
        let apart =
            |i: usize| (0..foam.nodes.len()).filter(|&j| j != i).map(|j| far(i, j)).fold(f64::INFINITY, f64::min);
        let of = hit.iter().filter(|&&i| clear[i] && apart(i) > least * zone);
        quantiles(of.map(|&i| of_truth[i].map_or(0.0, |t| t.0) / MICRON).collect())
    };
    println!(
        "    places of clear nodes {}, four radii apart {}, six {}",
        clear_places(0.0),
        clear_places(4.0),
        clear_places(6.0)
    );
    for &i in hit.iter().filter(|&&i| clear[i]).take(400) {
        let Some((away, f)) = of_truth[i] else { continue };
        let inner = foam.nodes[i].position_m.iter().zip(foam.box_m).all(|(&p, b)| p > 2.0 * zone && p < b - 2.0 * zone);
        if inner && away > 0.8 * MICRON {
            let own: Vec<String> = arms[i]
                .iter()
                .map(|a| format!("{:.1}", distance(foam.nodes[i].position_m, foam.nodes[a.1].position_m) / MICRON))
                .collect();
            let got: Vec<String> = network
                .fibres
                .iter()
                .filter(|b| b.nodes.contains(&f))
                .map(|b| format!("{:.1}", b.length / MICRON))
                .collect();
            println!(
                "      {:.2} voxels off at {:.0?}, radius {:.1}, struts {own:?} found {got:?}",
                away / MICRON,
                foam.nodes[i].position_m.map(|v| v / MICRON),
                network.nodes[f].radius / MICRON
            );
        }
    }
    // Degrees.
    let reach = 1.5 * case.diameter * MICRON;
    let inside = |p: [f64; 3]| (0..3).all(|k| p[k] > reach && p[k] < foam.box_m[k] - reach);
    let mut why: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    let mut examples = Vec::new();
    let mut judged = 0;
    for &i in hit.iter().filter(|&&i| clear[i] && inside(foam.nodes[i].position_m)) {
        judged += 1;
        let f = of_truth[i].map_or(0, |t| t.1);
        if network.nodes[f].coordination == foam.nodes[i].coordination {
            continue;
        }
        // Fibres at the node: direction away from it, number, other end.
        let mut rays = Vec::new();
        for (e, fibre) in network.fibres.iter().enumerate() {
            for end in 0..2 {
                if fibre.nodes[end] == f {
                    let from = |s: f64| if end == 0 { s } else { fibre.length - s };
                    let place = |s: f64| {
                        let near = fibre.profile.iter().min_by(|a, b| (a.arc - s).abs().total_cmp(&(b.arc - s).abs()));
                        near.map_or([0.0; 3], |p| p.position)
                    };
                    let p = place(from((2.0 * zone).min(fibre.length)));
                    let c = foam.nodes[i].position_m;
                    let l = distance(p, c).max(1e-12);
                    let d: [f64; 3] = std::array::from_fn(|k| (p[k] - c[k]) / l);
                    rays.push((d, e, fibre.nodes[1 - end]));
                }
            }
        }
        let cos = |a: [f64; 3], b: [f64; 3]| (0..3).map(|k| a[k] * b[k]).sum::<f64>();
        let mut used = vec![false; rays.len()];
        for &(d, j) in &arms[i] {
            let best =
                (0..rays.len()).filter(|&r| !used[r]).max_by(|&p, &q| cos(rays[p].0, d).total_cmp(&cos(rays[q].0, d)));
            match best {
                Some(b) if cos(rays[b].0, d) > 0.8 => used[b] = true,
                _ => {
                    let length = distance(foam.nodes[i].position_m, foam.nodes[j].position_m) / (2.0 * zone);
                    let what = match of_truth[j] {
                        None => "strut missing, its other node too".to_owned(),
                        Some((_, g)) => {
                            let through = network.nodes[g].coordination;
                            format!(
                                "strut missing, other node {} of {} struts",
                                if through < foam.nodes[j].coordination { "lacks one too," } else { "complete," },
                                if clear[j] { "clear" } else { "unclear" }
                            )
                        }
                    };
                    examples.push(format!(
                        "{:.0?} missing, length {length:.1} diameters of nodes, {what}",
                        foam.nodes[i].position_m.map(|v| v / MICRON)
                    ));
                    *why.entry(what).or_default() += 1;
                }
            }
        }
        for r in (0..rays.len()).filter(|&r| !used[r]) {
            let fibre = &network.fibres[rays[r].1];
            let other = match (network.nodes[rays[r].2].kind, of_found[rays[r].2]) {
                (NodeKind::Junction, Some(_)) => "a node",
                (NodeKind::Junction, None) => "a false node",
                (kind, _) => kind.name(),
            };
            let what = format!("too much: fibre to {other}{}", if rays[r].2 == f { ", a loop" } else { "" });
            examples.push(format!(
                "{:.0?} {what} of length {:.1} and diameter {:.1}, inscribed {:.1}",
                foam.nodes[i].position_m.map(|v| v / MICRON),
                fibre.length / MICRON,
                fibre.diameter / MICRON,
                fibre.diameter_inscribed / MICRON
            ));
            *why.entry(what).or_default() += 1;
        }
    }
    println!("    degrees of {judged} clear nodes: {why:?}");
    for e in examples.iter().take(12) {
        println!("      {e}");
    }
    // Nodes that are none, and clear nodes that were not found.
    for &f in found.iter().filter(|&&f| of_found[f].is_none() && inside(network.nodes[f].position)).take(8) {
        let n = &network.nodes[f];
        let near = foam.nodes.iter().map(|t| distance(t.position_m, n.position)).fold(f64::INFINITY, f64::min);
        let ends: Vec<String> = network
            .fibres
            .iter()
            .filter(|b| b.nodes.contains(&f))
            .map(|b| format!("{}:{:.0}/{:.1}", b.kind.name(), b.length / MICRON, b.diameter_inscribed / MICRON))
            .collect();
        println!(
            "      false node at {:.0?}, {:.1} from a true one, radius {:.1}: {ends:?}",
            n.position.map(|v| v / MICRON),
            near / MICRON,
            n.radius / MICRON
        );
    }
    for i in (0..foam.nodes.len()).filter(|&i| clear[i] && of_truth[i].is_none() && inside(foam.nodes[i].position_m)) {
        println!("      missed clear node at {:.0?}", foam.nodes[i].position_m.map(|v| v / MICRON));
    }
}

/// The same of a mat: nodes where no two fibres are.
pub(crate) fn diagnose_mat(m: &Mat, graph: &Graph, network: &Network) {
    let pieces = pieces(graph);
    let (size, d) = (m.n as f64 * MICRON, m.diameter * MICRON);
    let inside = |p: [f64; 3]| p.iter().all(|&v| v > 1.5 * d && v < size - 1.5 * d);
    println!("  {}", m.name);
    let (mut right, mut wrong) = (0, 0);
    for (f, n) in network.nodes.iter().enumerate() {
        if n.kind != NodeKind::Junction || !inside(n.position) {
            continue;
        }
        let point: Piece = (n.position, n.position, usize::MAX);
        let mut near: Vec<(f64, usize)> = pieces.iter().map(|q| (nearest(&point, q).1 / d, q.2)).collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        let second = near.iter().find(|q| q.1 != near[0].1).map_or(f64::NAN, |q| q.0);
        if second < 1.0 + TOUCH / m.diameter {
            right += 1;
            continue;
        }
        wrong += 1;
        let ends: Vec<String> = network
            .fibres
            .iter()
            .filter(|b| b.nodes.contains(&f))
            .map(|b| {
                let o = &network.nodes[if b.nodes[0] == f { b.nodes[1] } else { b.nodes[0] }];
                format!(
                    "{}->{}:{:.0}/{:.1}",
                    b.kind.name(),
                    o.kind.name(),
                    b.length / MICRON,
                    b.diameter_inscribed / MICRON
                )
            })
            .collect();
        println!(
            "    false node at {:.0?}, fibres {:.2} {second:.2} diameters away, radius {:.1}: {ends:?}",
            n.position.map(|v| v / MICRON),
            near[0].0,
            n.radius / MICRON
        );
    }
    println!("    right {right} wrong {wrong}");
    // What is drawn too long: fibres by whether they lie on one fibre of the mat.
    let (mut on, mut between) = (0.0, 0.0);
    let mut drawn = vec![0.0; graph.struts.len()];
    let mut stray = Vec::new();
    for fibre in network.fibres.iter().filter(|f| network.zones.from_profile || !f.is_contact(&network.nodes)) {
        let before = between;
        for w in fibre.profile.windows(2) {
            let p: [f64; 3] = std::array::from_fn(|k| 0.5 * (w[0].position[k] + w[1].position[k]));
            if !inside(p) {
                continue;
            }
            let point: Piece = (p, p, usize::MAX);
            let near = pieces.iter().map(|q| (nearest(&point, q).1, q.2)).min_by(|a, b| a.0.total_cmp(&b.0));
            let Some((apart, of)) = near else { continue };
            let length = distance(w[0].position, w[1].position);
            if apart < 0.3 * d {
                on += length;
                drawn[of] += length;
            } else {
                between += length;
            }
        }
        stray.push(((between - before) / MICRON, fibre));
    }
    stray.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (length, fibre) in stray.iter().take(12).filter(|s| s.0 > 0.0) {
        let [a, b] = fibre.nodes.map(|n| &network.nodes[n]);
        println!(
            "    {length:.1} voxels between fibres: {} {}..{}, length {:.1}, inscribed {:.1}, from {:.0?} to {:.0?}",
            fibre.kind.name(),
            a.coordination,
            b.coordination,
            fibre.length / MICRON,
            fibre.diameter_inscribed / MICRON,
            a.position.map(|v| v / MICRON),
            b.position.map(|v| v / MICRON)
        );
    }
    let mut known = vec![0.0; graph.struts.len()];
    for p in &pieces {
        let parts = (distance(p.0, p.1) / MICRON).ceil() as usize;
        for i in 0..parts {
            let q: [f64; 3] = std::array::from_fn(|k| p.0[k] + (i as f64 + 0.5) / parts as f64 * (p.1[k] - p.0[k]));
            if inside(q) {
                known[p.2] += distance(p.0, p.1) / parts as f64;
            }
        }
    }
    let total: f64 = known.iter().sum();
    println!("    length on fibres {:.3}, between {:.3}", on / total, between / total);
    let mut ratios: Vec<f64> = drawn.iter().zip(&known).filter(|k| *k.1 > 0.5 * size).map(|(d, k)| d / k).collect();
    ratios.sort_by(f64::total_cmp);
    println!("    of each long fibre {:.2?}", ratios);
}
