/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A page that the kernel hands to a child as zeros (MADV_WIPEONFORK, Linux 4.14) costs one read of
 * memory. Where it is not known, the process number does, for a call of the system each time; an
 * atfork handler would be global state, and cannot be taken back when the library is unloaded.
 */
#include "base/forked.h"

#include <sys/mman.h>
#include <unistd.h>

#include <mailsub/error.h>

#define PAGE_LEN 4096

int mailsub__birth_init(mailsub__birth *birth)
{
    *birth = (mailsub__birth){.pid = getpid()};
    atomic_init(&birth->generation, 1);
    void *page = mmap(NULL, PAGE_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return MAILSUB_E_SYSTEM;
    birth->page = page;
    birth->wiped = madvise(page, PAGE_LEN, MADV_WIPEONFORK) == 0;
    atomic_init(birth->page, 1);
    return MAILSUB_OK;
}

void mailsub__birth_deinit(mailsub__birth *birth)
{
    if (birth->page)
        munmap(birth->page, PAGE_LEN);
    birth->page = NULL;
}

void mailsub__birth_renew(mailsub__birth *birth)
{
    birth->pid = getpid();
    if (birth->page)
        atomic_store(birth->page, 1);
}

bool mailsub__birth_is_elsewhere(const mailsub__birth *birth)
{
    return birth->wiped ? atomic_load(birth->page) == 0 : birth->pid != getpid();
}

uint64_t mailsub__birth_generation(mailsub__birth *birth)
{
    if (!birth->wiped)
        return (uint64_t)getpid();
    uint64_t now = atomic_load_explicit(birth->page, memory_order_acquire);
    if (now != 0)
        return now;
    /* Of the threads that notice it at once, one decides for all. */
    uint64_t next = atomic_fetch_add(&birth->generation, 1) + 1;
    return atomic_compare_exchange_strong(birth->page, &now, next) ? next : now;
}
