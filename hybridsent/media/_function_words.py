"""Function words of languages that are written in Latin letters (layer L1): the most frequent ones.

Words that English has, too (German "die", Spanish "no", Portuguese "do"), are left out of the other
languages: that English is not taken for another language matters more.
"""

from __future__ import annotations

__all__ = ["FUNCTION_WORDS", "LANGUAGES"]

LANGUAGES = {
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "sv": "Swedish",
    "tr": "Turkish",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
"""Names of languages by their codes (ISO 639)."""

_WORDS = {
    "en": """the be to of and a in that have i it for not on with he as you do at this but his by
        from they we say her she or an will my one all would there their what so up out if about who
        get which go me when make can like time no just him know take people into year your good
        some could them see other than then now look only come its over think also back after use
        how our work well way even want because any these give day most us is are was were been has
        had did am i'm it's don't that's can't you're u i'll i've didn't doesn't too very much don
        didn isn isn't never why where again more got got going oh yeah okay ok hey""",
    "de": """der und ist ich nicht das es sie ein zu den mit auf dem sich auch wie aber wir aus bei
        nach wenn für von im eine einen einem einer eines dass daß noch nur oder kann ja mich mir
        dir mein meine dein deine sein ihr ihre uns hat haben habe wird werden wurde sind bin bist
        schon sehr mehr immer nie kein keine keinen doch mal jetzt hier heute über durch vom zum zur
        gut gibt weil dann alles alle warum wieder vor bis diese dieser dieses""",
    "fr": """le la les des du un une et est en je tu il elle nous vous ils que qui ne pas pour dans
        ce cette ces sur avec plus mais ou où au aux se si mon ma mes ton ta tes son sa ses leur
        être avoir ai suis sont était c'est j'ai qu'il d'un d'une l'on n'est très bien tout tous
        fait comme quand même aussi sans chez moi toi lui y sera été faire ça ca encore jamais trop
        rien""",
    "es": """el la los las de del un una y que en es por con para se lo su al como más pero sus le
        ya o este sí porque esta entre cuando muy sin sobre ser tiene también hasta hay donde quien
        desde todo nos durante todos uno les ni contra otros ese eso mi yo te tu qué está estoy soy
        fue era eres son si bien ahora nunca nada mejor aquí así hoy gracias mis tengo voy hacer
        puede esa""",
    "pt": """o os um uma e que em é por com para se na nas nos da das dos ao aos não mais mas foi
        ele ela eu você vc já quando muito está isso meu minha seu sua tem ser são também só pelo
        pela até sem mesmo depois ou ter nem essa esse isto este esta estou como tudo nada hoje
        agora vai vou pra pro tá gente porque ainda bem sempre nunca aqui assim""",
    "it": """il lo la gli le un una di del della dei delle e è che per con non si da al alla ai alle
        nel nella sono ma come più anche se io tu lui lei noi voi mi ti ci vi ho ha hanno abbiamo
        questo questa questi quello quella suo sua mio mia tuo essere fare stato era sul sulla dal
        dalla cosa perché quando molto tutto tutti bene così chi solo poi ora oggi già ancora mai
        sempre o ed""",
    "nl": """de het een en van ik te dat die niet zijn is op aan met voor er maar om hem dan zou wat
        mijn dit zo door over ze zich bij ook tot je mij uit der daar haar naar heb heeft hebben hoe
        nog zal wij geen iets worden werd wel jij jullie ons onze deze waar nu al veel meer alle als
        omdat gewoon echt goed""",
    "sv": """och det att i en jag hon som han på den med var sig för så till är men ett om hade de
        av icke mig du henne då sin nu har inte hans honom skulle hennes där min ej vid kunde något
        från ut när efter upp vi dem vara vad över än dig kan sina här ha mot alla under någon eller
        allt mycket sedan ju denna själv detta åt utan varit hur ingen mitt ni bli blev oss din
        också bara""",
    "da": """og det at en jeg som han på den med var sig for så til er men et om hun havde de af
        ikke mig du da sin nu har hans hendes hvor min vi kunne noget fra ud når efter op dem være
        hvad over dig kan her mod alle under nogen eller alt meget siden jo denne selv dette uden
        blev været hvordan ingen mit os din også bare bliver skal vil""",
    "no": """og det at en jeg som han på den med var seg for så til er men et om hun hadde de av
        ikke meg du da sin nå har hans hennes hvor min vi kunne noe fra ut når etter opp dem være
        hva over deg kan her mot alle under noen eller alt mye siden jo denne selv dette uten ble
        vært hvordan ingen mitt oss din også bare blir skal vil""",
    "hi": """hai ka ki ke mein main nahi nahin aur se ko bhi kya ye hi tha ho kar par mujhe aap hain
        bhai toh raha rahe rahi ek koi sab kuch tum hum ab jab phir fir jo wo woh liye gaya hota
        apne unko isko agar lekin kyu kyun bahut accha acha ji na yeh thi the karo karte wala wale
        sirf hua tera mera""",
    "fi": """ja on ei se että hän oli ole mutta niin kun kuin myös mitä tai jos vain nyt ovat minä
        sinä me te he tämä joka olen olet sen sitä minun sinun mun sun mä sä siitä jo vielä koska
        kaikki hyvä paljon sitten kanssa ollut en et eivät""",
    "pl": """nie się jest to że na jak ale co tak za od czy już tylko po dla ja ty on ona my być ma
        mam był była było są który która które przez jego jej ich tego tym ten ta te przy bo gdy
        bardzo może mnie mi ci go jeszcze wszystko teraz gdzie kiedy dobrze nic""",
    "cs": """se je že na to jako ale co tak za od už jen po pro já ty on ona my být má mám byl byla
        bylo jsou který která které jeho její jejich toho tím ten ta při protože když velmi může mě
        mi ještě všechno teď kde jsem jsi není bude nebo také více""",
    "ro": """și în este nu că la cu pe care mai din pentru sa să de un o au fost dar ca ce el ea noi
        voi eu tu lui sunt era după fi foarte acest această doar sau când cum dacă unde tot toate
        mult fără prin până îmi îți se le cea cel si""",
    "hu": """a az és hogy nem is egy van de ez ha már csak meg még volt mint el ki azt ezt én te ő
        mi ti ők lesz lehet kell vagy vannak nagyon jó minden most itt ott mert sem aki ami olyan
        után között""",
    "tr": """bir ve bu da de için çok ne ile gibi daha ben sen o biz siz onlar var yok mi mı değil
        ama her şey kadar olan olarak sonra ki en ise ya hiç şimdi benim senin bana sana onu bunu
        neden nasıl oldu olur diye""",
    "id": """yang dan di ini itu dengan untuk tidak dari dalam akan pada juga saya ke karena ada
        bisa kita kami mereka dia aku kamu sudah atau lebih sangat banyak oleh seperti tetapi tapi
        hanya saat lagi belum kalau nya ya apa""",
    "vi": """và của là có không được cho một những các trong người đã này với cũng để khi đến rất
        như tôi bạn anh em chúng nhưng nhiều vì thì ra lại còn nếu sẽ mà đó đi bị""",
}

_ENGLISH = frozenset(_WORDS["en"].split())

FUNCTION_WORDS: dict[str, frozenset[str]] = {
    code: frozenset(words.split()) - (_ENGLISH if code != "en" else frozenset())
    for code, words in _WORDS.items()
}
"""Function words by language."""
