/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The MIME tree that a request has to become: mixed(related(alternative(text, html, calendar),
 * embedded...), invitation, file...), each level only where it has more than one part.
 */
#include <string.h>

#include "property.h"

#define TEXT_OF(literal) ((struct text){literal, sizeof(literal) - 1})

static struct node *new_node(struct asked *asked, const char *type)
{
    struct node *node = &asked->nodes[asked->n_nodes++];
    *node = (struct node){.type = type};
    return node;
}

static void add(struct node *parent, const struct node *kid)
{
    parent->kids[parent->n_kids++] = kid;
}

static void set_param(struct node *node, struct text name, struct text value)
{
    size_t i = node->params[0][0].ptr ? 1 : 0;
    node->params[i][0] = name;
    node->params[i][1] = value;
}

static struct node *text_node(struct asked *asked, const char *type, struct text content)
{
    struct node *node = new_node(asked, type);
    node->kind = TEXT;
    node->content = content;
    set_param(node, TEXT_OF("charset"), TEXT_OF("utf-8"));
    return node;
}

static struct node *plain_node(struct asked *asked)
{
    struct node *node = text_node(asked, "text/plain", asked->text);
    if (!asked->text.ptr)
        node->content = asked->derived;
    if (asked->is_flowed) {
        node->kind = FLOWED;
        set_param(node, TEXT_OF("format"), TEXT_OF("flowed"));
    }
    return node;
}

/* With one kid, that; with none, NULL. */
static struct node *unless_single(struct node *node)
{
    if (node->n_kids > 1)
        return node;
    return node->n_kids == 1 ? (struct node *)(uintptr_t)node->kids[0] : NULL;
}

static struct node *texts(struct asked *asked)
{
    struct node *all = new_node(asked, "multipart/alternative");
    bool derived = !asked->text.ptr && asked->html.ptr && asked->derives &&
                   (!asked->derived.ptr || asked->derived.len > 0);
    if (asked->text.ptr || derived)
        add(all, plain_node(asked));
    if (asked->html.ptr)
        add(all, text_node(asked, "text/html", asked->html));
    if (asked->calendar.ptr) {
        struct node *calendar = text_node(asked, "text/calendar", asked->calendar);
        set_param(calendar, TEXT_OF("method"), (struct text){asked->method, strlen(asked->method)});
        add(all, calendar);
    }
    return unless_single(all);
}

static struct node *part_node(struct asked *asked, const struct asked_part *part)
{
    struct node *node = new_node(asked, part->type.ptr);
    node->file_name = part->file_name;
    node->disposition = part->content_id.ptr ? "inline" : "attachment";
    node->content_id = part->content_id;
    node->content = part->content;
    if (part->param.ptr)
        set_param(node, part->param, part->param_value);
    if (part->inner.ptr) {
        struct node *inner = new_node(asked, "text/plain");
        inner->kind = TEXT;
        inner->content = part->inner;
        add(node, inner);
    }
    return node;
}

static struct node *related(struct asked *asked, struct node *all_texts)
{
    struct node *all = new_node(asked, "multipart/related");
    add(all, all_texts);
    for (size_t i = 0; i < asked->n_parts; i++) {
        if (asked->parts[i].content_id.ptr)
            add(all, part_node(asked, &asked->parts[i]));
    }
    if (all->n_kids > 1)
        set_param(all, TEXT_OF("type"), (struct text){all_texts->type, strlen(all_texts->type)});
    return unless_single(all);
}

static struct node *invitation(struct asked *asked)
{
    struct node *node = new_node(asked, "application/ics");
    node->kind = TEXT;
    node->content = asked->calendar;
    node->disposition = "attachment";
    node->file_name = TEXT_OF("invite.ics");
    return node;
}

void tree_make(struct asked *asked)
{
    asked->n_nodes = 0;
    struct node *all = new_node(asked, "multipart/mixed");
    struct node *all_texts = texts(asked);
    bool is_related = asked->html.ptr != NULL;
    if (all_texts)
        add(all, is_related ? related(asked, all_texts) : all_texts);
    if (asked->calendar.ptr)
        add(all, invitation(asked));
    for (size_t i = 0; i < asked->n_parts; i++) {
        if (!is_related || !asked->parts[i].content_id.ptr)
            add(all, part_node(asked, &asked->parts[i]));
    }
    asked->tree = unless_single(all);
    if (!asked->tree)
        asked->tree = text_node(asked, "text/plain", TEXT_OF(""));
}
